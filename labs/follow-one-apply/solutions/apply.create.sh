kubectl create deployment ship --image=nginx:1.29 --replicas=2
kubectl rollout status deployment/ship
