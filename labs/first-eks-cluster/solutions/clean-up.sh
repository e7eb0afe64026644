kubectl delete service site
kubectl delete deployment site

aws eks delete-nodegroup --cluster-name harbor --nodegroup-name workers
aws eks wait nodegroup-deleted --cluster-name harbor --nodegroup-name workers
aws eks delete-cluster --name harbor
aws eks wait cluster-deleted --name harbor

aws ecr delete-repository --repository-name site --force

aws iam detach-role-policy --role-name harbor-cluster-role --policy-arn arn:aws:iam::aws:policy/AmazonEKSClusterPolicy
aws iam delete-role --role-name harbor-cluster-role
aws iam detach-role-policy --role-name harbor-node-role --policy-arn arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy
aws iam detach-role-policy --role-name harbor-node-role --policy-arn arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy
aws iam detach-role-policy --role-name harbor-node-role --policy-arn arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly
aws iam delete-role --role-name harbor-node-role
