# finding: no-circuit-breaker
kubectl set image deployment/web web=nginx:1.99
kubectl rollout undo deployment/web
