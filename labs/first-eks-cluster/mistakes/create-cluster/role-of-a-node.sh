# finding: cluster-role-not-trusted
# The trust policies of the two roles are mixed up, so EKS may not use the cluster's role.
aws iam create-role --role-name harbor-cluster-role --assume-role-policy-document file://node-trust.json
aws iam attach-role-policy --role-name harbor-cluster-role --policy-arn arn:aws:iam::aws:policy/AmazonEKSClusterPolicy
SUBNETS=$(aws ec2 describe-subnets --filters Name=default-for-az,Values=true Name=availability-zone-id,Values=use1-az1,use1-az2 --query "join(',', Subnets[].SubnetId)" --output text)
CLUSTER_ROLE=$(aws iam get-role --role-name harbor-cluster-role --query Role.Arn --output text)
aws eks create-cluster --name harbor --role-arn "$CLUSTER_ROLE" --resources-vpc-config subnetIds="$SUBNETS" || echo 'refused, as on AWS'
