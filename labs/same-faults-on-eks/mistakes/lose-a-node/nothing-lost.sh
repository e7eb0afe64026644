# finding: no-node-replaced
kubectl get nodes > before.txt
