# finding: no-pod
# from: after
kubectl scale deployment prices -n shop --replicas=0
