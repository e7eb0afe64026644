# finding: ship-not-ready
kubectl apply -f ship.yaml
kubectl scale deployment ship --replicas=1
kubectl rollout status deployment/ship
