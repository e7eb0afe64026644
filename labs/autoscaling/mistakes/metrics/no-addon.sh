# finding: no-metrics
kubectl apply -f php-apache.yaml
kubectl rollout status deployment/php-apache
