kubectl patch secret db -p '{"stringData":{"password":"tide-77"}}'
kubectl scale deployment app --replicas=0
kubectl wait --for=delete pod -l app=app --timeout=2m
kubectl scale deployment app --replicas=1
kubectl rollout status deployment/app
