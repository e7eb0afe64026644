# finding: not-your-key
# from: after
kubectl delete -f notes.yaml -f storage.yaml
sed -i '/kmsKeyId/d' storage.yaml
kubectl apply -f storage.yaml -f notes.yaml
kubectl rollout status deployment/notes --timeout=2m
