kubectl rollout undo deployment/web -n prod
kubectl rollout status deployment/web -n prod --timeout=2m
