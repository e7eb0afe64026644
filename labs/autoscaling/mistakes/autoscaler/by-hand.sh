# finding: no-autoscaler
kubectl scale deployment php-apache --replicas=3
kubectl rollout status deployment/php-apache
