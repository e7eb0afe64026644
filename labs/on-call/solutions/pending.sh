kubectl set resources deployment/report --requests=cpu=100m -n prod
kubectl rollout status deployment/report -n prod --timeout=2m
