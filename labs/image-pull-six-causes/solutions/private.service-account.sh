source docker-hub.txt
kubectl create secret docker-registry hub --docker-username="$username" --docker-password="$password"
kubectl patch serviceaccount default -p '{"imagePullSecrets":[{"name":"hub"}]}'
kubectl rollout restart deployment/private
kubectl rollout status deployment/private --timeout=2m
