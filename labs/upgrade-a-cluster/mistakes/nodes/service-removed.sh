# finding: no-web
# from: after
kubectl delete deployment web
