# finding: report-not-ready
kubectl set resources deployment/report --requests=cpu=48 -n prod
