# finding: image-replaced
kubectl set image deployment/private '*=nginx:1.29'
kubectl rollout status deployment/private --timeout=2m
