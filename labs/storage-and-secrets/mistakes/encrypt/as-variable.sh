# finding: secret-as-variable
# from: after
kubectl set env deployment/app --from=secret/db
kubectl rollout status deployment/app --timeout=2m
