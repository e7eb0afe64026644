# finding: no-db
kubectl create configmap db --from-literal=password='s3same-open'
