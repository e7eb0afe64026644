# finding: service-not-public
# from: after
kubectl delete service site
kubectl expose deployment site --port=80
