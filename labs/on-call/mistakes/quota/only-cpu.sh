# finding: batch-not-ready
kubectl set resources deployment/batch --limits=cpu=100m -n jobs
