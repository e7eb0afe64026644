# finding: cluster-in-another-vpc
SUBNETS=$(aws ec2 describe-subnets --filters Name=default-for-az,Values=true Name=availability-zone,Values=us-east-1a,us-east-1b --query "join(',', Subnets[].SubnetId)" --output text)
aws eks create-cluster --name harbor --role-arn $(aws iam get-role --role-name harbor-cluster-role --query Role.Arn --output text) --resources-vpc-config subnetIds=$SUBNETS
aws eks wait cluster-active --name harbor
