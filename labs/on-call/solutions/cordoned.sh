kubectl uncordon kind-worker2
kubectl taint nodes kind-worker2 repair-
