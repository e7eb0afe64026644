# finding: invoices-not-ready
kubectl rollout restart deployment/invoices -n prod
