# finding: mail-not-ready
kubectl rollout restart deployment/mail -n prod
