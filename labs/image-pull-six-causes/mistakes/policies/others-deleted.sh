# finding: no-tag
# from: after
kubectl delete deployment tag
