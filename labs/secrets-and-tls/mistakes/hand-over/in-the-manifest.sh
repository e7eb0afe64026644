# finding: password-in-manifest
kubectl create secret generic db --from-literal=password=harbor-42
kubectl create deployment app --image=nginx:1.29
kubectl set env deployment/app DB_PASSWORD=harbor-42
kubectl rollout status deployment/app
