# finding: wrong-identity
kubectl apply -f watcher.yaml
