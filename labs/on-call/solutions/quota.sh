kubectl set resources deployment/batch --limits=cpu=100m,memory=64Mi -n jobs
kubectl rollout status deployment/batch -n jobs --timeout=2m
