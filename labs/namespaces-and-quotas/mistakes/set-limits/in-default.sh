# finding: no-quota
kubectl apply -f limits.yaml
