REPOSITORY=$(aws ecr describe-repositories --repository-names site --query 'repositories[0].repositoryUri' --output text)
kubectl create deployment site --image="$REPOSITORY:v1" --replicas=2
kubectl rollout status deployment/site --timeout=5m

kubectl expose deployment site --type=LoadBalancer --port=80
kubectl wait --for=jsonpath='{.status.loadBalancer.ingress}' service/site --timeout=5m
HOST=$(kubectl get service site -o jsonpath='{.status.loadBalancer.ingress[0].hostname}')
curl --fail --silent --show-error --retry 60 --retry-delay 2 --retry-all-errors "http://$HOST/"
kubectl logs deployment/site

kubectl get pods -l app=site -o wide | tee before.txt
POD=$(kubectl get pods -l app=site -o jsonpath='{.items[0].metadata.name}')
kubectl delete pod "$POD"
kubectl rollout status deployment/site --timeout=5m
kubectl get pods -l app=site -o wide
