# finding: not-by-helm
helm install test site
helm template live site --set replicas=3 --set title=Live | kubectl apply -f -
kubectl rollout status deployment/live
