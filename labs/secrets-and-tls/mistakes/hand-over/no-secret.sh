# finding: no-secret
kubectl apply -f app.yaml
