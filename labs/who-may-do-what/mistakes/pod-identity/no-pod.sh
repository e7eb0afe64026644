# finding: no-pod
# from: after
kubectl scale deployment uploader -n shop --replicas=0
