# finding: secret-not-changed
kubectl rollout restart deployment/app
kubectl rollout status deployment/app
