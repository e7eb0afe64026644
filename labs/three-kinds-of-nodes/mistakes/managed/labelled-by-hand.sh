# finding: label-not-of-group
kubectl label $(kubectl get nodes -o name | head -1) kind=managed
