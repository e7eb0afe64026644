# finding: wrong-secret-type
source docker-hub.txt
kubectl create secret generic hub --from-literal=username="$username" --from-literal=password="$password"
kubectl patch deployment private -p '{"spec":{"template":{"spec":{"imagePullSecrets":[{"name":"hub"}]}}}}'
