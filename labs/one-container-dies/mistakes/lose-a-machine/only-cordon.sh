# finding: pods-left-on-node
kubectl scale deployment web --replicas=6
kubectl rollout status deployment/web
kubectl cordon kind-worker
