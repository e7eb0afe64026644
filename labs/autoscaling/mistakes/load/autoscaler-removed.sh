# finding: no-autoscaler
kubectl delete hpa php-apache
