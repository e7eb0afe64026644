# finding: node-open
# from: after
kubectl uncordon kind-worker
