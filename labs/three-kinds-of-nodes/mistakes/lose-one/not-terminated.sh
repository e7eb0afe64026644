# finding: own-not-replaced
kubectl get nodes --label-columns kind > before.txt
