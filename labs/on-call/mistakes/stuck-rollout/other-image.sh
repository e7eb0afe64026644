# finding: web-other-image
kubectl set image deployment/web '*=httpd:2.4' -n prod
kubectl rollout status deployment/web -n prod --timeout=2m
