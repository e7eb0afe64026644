# finding: node-cordoned
kubectl taint nodes kind-worker2 repair-
