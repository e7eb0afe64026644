# finding: no-tls-secret
kubectl apply -f shop.yaml
