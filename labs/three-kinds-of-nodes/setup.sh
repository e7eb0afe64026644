# Two private subnets with a way out, and a role for machines of one's own.
VPC=$(aws ec2 describe-vpcs --filters Name=is-default,Values=true --query 'Vpcs[0].VpcId' --output text)
PUBLIC=$(aws ec2 describe-subnets --filters Name=default-for-az,Values=true --query 'Subnets[0].SubnetId' --output text)
subnet() { aws ec2 create-subnet --vpc-id $VPC --availability-zone us-east-1$1 --cidr-block $2 --tag-specifications "ResourceType=subnet,Tags=[{Key=Name,Value=private-$1}]" --query Subnet.SubnetId --output text; }
A=$(subnet a 172.31.192.0/20)
B=$(subnet b 172.31.208.0/20)
NAT=$(aws ec2 create-nat-gateway --subnet-id $PUBLIC --allocation-id $(aws ec2 allocate-address --query AllocationId --output text) --query NatGateway.NatGatewayId --output text)
TABLE=$(aws ec2 create-route-table --vpc-id $VPC --query RouteTable.RouteTableId --output text)
aws ec2 create-route --route-table-id $TABLE --destination-cidr-block 0.0.0.0/0 --nat-gateway-id $NAT
aws ec2 associate-route-table --route-table-id $TABLE --subnet-id $A
aws ec2 associate-route-table --route-table-id $TABLE --subnet-id $B
aws iam create-role --role-name own-node-role --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
for POLICY in AmazonEKSWorkerNodePolicy AmazonEKS_CNI_Policy AmazonEC2ContainerRegistryPullOnly; do
  aws iam attach-role-policy --role-name own-node-role --policy-arn arn:aws:iam::aws:policy/$POLICY
done
aws iam create-instance-profile --instance-profile-name own-node
aws iam add-role-to-instance-profile --instance-profile-name own-node --role-name own-node-role
