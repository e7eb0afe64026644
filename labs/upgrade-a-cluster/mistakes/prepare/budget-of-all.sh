# finding: budget-too-strict
kubectl create deployment web --image=nginx:1.29 --replicas=2
kubectl rollout status deployment/web
kubectl create poddisruptionbudget web --selector=app=web --min-available=100%
