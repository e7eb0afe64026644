# finding: no-autoscaler
# from: after
kubectl delete hpa web
