# finding: no-readiness-probe
sed '/readinessProbe/,/periodSeconds/d' web.yaml | kubectl apply -f -
kubectl rollout status deployment/web
