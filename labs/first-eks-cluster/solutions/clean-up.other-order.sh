# The registry and the images first, the cluster last: only the Service has to go before the cluster.
IMAGES=$(aws ecr list-images --repository-name site --query 'imageIds[?imageTag]')
aws ecr batch-delete-image --repository-name site --image-ids "$IMAGES"
aws ecr delete-repository --repository-name site --force
kubectl delete service,deployment site
aws eks delete-nodegroup --cluster-name harbor --nodegroup-name workers
aws eks wait nodegroup-deleted --cluster-name harbor --nodegroup-name workers
aws eks delete-cluster --name harbor
aws eks wait cluster-deleted --name harbor
for ROLE in harbor-cluster-role harbor-node-role; do
  for POLICY in $(aws iam list-attached-role-policies --role-name $ROLE --query 'AttachedPolicies[].PolicyArn' --output text); do
    aws iam detach-role-policy --role-name $ROLE --policy-arn "$POLICY"
  done
  aws iam delete-role --role-name $ROLE
done
