source docker-hub.txt
kubectl create secret docker-registry hub --docker-username="$username" --docker-password="$password"
kubectl patch deployment private -p '{"spec":{"template":{"spec":{"imagePullSecrets":[{"name":"hub"}]}}}}'
kubectl rollout status deployment/private --timeout=2m
