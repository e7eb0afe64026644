# finding: no-budget
kubectl create deployment web --image=nginx:1.29 --replicas=2
kubectl rollout status deployment/web
