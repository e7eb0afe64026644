kubectl set env deployment/orders DATABASE_HOST=db -n prod
kubectl rollout status deployment/orders -n prod --timeout=2m
