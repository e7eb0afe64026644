kubectl create configmap mail-configuration --from-literal=host=smtp -n prod
kubectl rollout status deployment/mail -n prod --timeout=3m
