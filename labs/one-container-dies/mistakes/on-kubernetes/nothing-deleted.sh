# finding: no-pod-replaced
# from: after
kubectl get pods -l app=web > before.txt
