aws iam create-role --role-name harbor-cluster-role --assume-role-policy-document file://cluster-trust.json
aws iam attach-role-policy --role-name harbor-cluster-role --policy-arn arn:aws:iam::aws:policy/AmazonEKSClusterPolicy

aws iam create-role --role-name harbor-node-role --assume-role-policy-document file://node-trust.json
aws iam attach-role-policy --role-name harbor-node-role --policy-arn arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy
aws iam attach-role-policy --role-name harbor-node-role --policy-arn arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy
aws iam attach-role-policy --role-name harbor-node-role --policy-arn arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly

SUBNETS=$(aws ec2 describe-subnets --filters Name=default-for-az,Values=true Name=availability-zone-id,Values=use1-az1,use1-az2 --query "join(',', Subnets[].SubnetId)" --output text)
CLUSTER_ROLE=$(aws iam get-role --role-name harbor-cluster-role --query Role.Arn --output text)
aws eks create-cluster --name harbor --role-arn "$CLUSTER_ROLE" --resources-vpc-config subnetIds="$SUBNETS"
aws eks wait cluster-active --name harbor

NODE_ROLE=$(aws iam get-role --role-name harbor-node-role --query Role.Arn --output text)
aws eks create-nodegroup --cluster-name harbor --nodegroup-name workers --node-role "$NODE_ROLE" --subnets ${SUBNETS//,/ } --instance-types t3.medium --scaling-config minSize=1,maxSize=3,desiredSize=2
aws eks wait nodegroup-active --cluster-name harbor --nodegroup-name workers

aws eks update-kubeconfig --name harbor
kubectl wait --for=condition=Ready nodes --all --timeout=5m
kubectl get nodes
