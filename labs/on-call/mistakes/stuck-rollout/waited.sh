# finding: web-not-ready
kubectl rollout restart deployment/web -n prod
