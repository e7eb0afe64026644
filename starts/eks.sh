# What: an EKS cluster "harbor" with a managed node group "workers" (two t3.medium), and a kubeconfig that leads to it.
trust() {
  echo '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"'"$1"'"},"Action":"sts:AssumeRole"}]}'
}
aws iam create-role --role-name harbor-cluster-role --assume-role-policy-document "$(trust eks.amazonaws.com)"
aws iam attach-role-policy --role-name harbor-cluster-role --policy-arn arn:aws:iam::aws:policy/AmazonEKSClusterPolicy
aws iam create-role --role-name harbor-node-role --assume-role-policy-document "$(trust ec2.amazonaws.com)"
for POLICY in AmazonEKSWorkerNodePolicy AmazonEKS_CNI_Policy AmazonEC2ContainerRegistryPullOnly; do
  aws iam attach-role-policy --role-name harbor-node-role --policy-arn arn:aws:iam::aws:policy/$POLICY
done

SUBNETS=$(aws ec2 describe-subnets --filters Name=default-for-az,Values=true Name=availability-zone-id,Values=use1-az1,use1-az2 --query "join(',', Subnets[].SubnetId)" --output text)
ACCOUNT=$(aws sts get-caller-identity --query Account --output text)
aws eks create-cluster --name harbor ${VERSION:+--kubernetes-version $VERSION} --role-arn "arn:aws:iam::$ACCOUNT:role/harbor-cluster-role" --resources-vpc-config subnetIds="$SUBNETS" --access-config authenticationMode=API_AND_CONFIG_MAP
aws eks wait cluster-active --name harbor
aws eks create-nodegroup --cluster-name harbor --nodegroup-name workers --node-role "arn:aws:iam::$ACCOUNT:role/harbor-node-role" --subnets ${SUBNETS//,/ } --instance-types t3.medium --scaling-config minSize=1,maxSize=4,desiredSize=2
aws eks wait nodegroup-active --cluster-name harbor --nodegroup-name workers
aws eks update-kubeconfig --name harbor
kubectl wait --for=condition=Ready nodes --all --timeout=5m
kubectl wait --for=condition=Available deployment/coredns -n kube-system --timeout=5m
