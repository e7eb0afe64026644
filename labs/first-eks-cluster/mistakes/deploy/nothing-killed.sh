# finding: no-pod-replaced
# from: after
# Recorded again after the replacement, so every pod of the record still lives.
kubectl get pods -l app=site -o wide > before.txt
