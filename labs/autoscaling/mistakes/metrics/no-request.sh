# finding: no-request
sed '/resources:/,/limits:/d' php-apache.yaml | kubectl apply -f -
kubectl rollout status deployment/php-apache
