# finding: not-server-side
kubectl scale deployment ship --replicas=4
kubectl rollout status deployment/ship
