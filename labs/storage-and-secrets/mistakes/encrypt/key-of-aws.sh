# finding: secrets-without-key
kubectl create secret generic db --from-literal=password='s3same-open'
kubectl apply -f app.yaml
kubectl rollout status deployment/app --timeout=2m
