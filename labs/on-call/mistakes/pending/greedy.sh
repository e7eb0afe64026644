# finding: report-too-greedy
kubectl set resources deployment/report --requests=cpu=1 -n prod
kubectl rollout status deployment/report -n prod --timeout=2m
