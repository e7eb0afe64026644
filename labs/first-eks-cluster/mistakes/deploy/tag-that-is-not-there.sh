# finding: image-cannot-be-pulled
REPOSITORY=$(aws ecr describe-repositories --repository-names site --query 'repositories[0].repositoryUri' --output text)
kubectl create deployment site --image="$REPOSITORY:v2" --replicas=2
kubectl wait --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=ImagePullBackOff pod -l app=site --timeout=2m
