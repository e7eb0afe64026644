# finding: orders-not-ready
kubectl rollout restart deployment/orders -n prod
