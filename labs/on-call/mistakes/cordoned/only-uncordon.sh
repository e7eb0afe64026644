# finding: node-tainted
kubectl uncordon kind-worker2
