kubectl set resources deployment/thumbs --limits=memory=128Mi --requests=memory=64Mi -n prod
kubectl rollout status deployment/thumbs -n prod --timeout=2m
