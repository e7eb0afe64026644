# finding: replicas-owned
kubectl apply --server-side --force-conflicts -f ship.yaml
