kubectl patch deployment thumbs -n prod -p '{"spec":{"template":{"spec":{"containers":[{"name":"thumbs","resources":{"limits":{"memory":"96Mi"},"requests":{"memory":"48Mi"}}}]}}}}'
kubectl rollout status deployment/thumbs -n prod --timeout=2m
