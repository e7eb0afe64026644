# finding: no-service
sed '/^---/,$d' web.yaml | kubectl apply -f -
kubectl rollout status deployment/web
