# finding: secrets-without-key
SUBNETS=$(aws ec2 describe-subnets --filters 'Name=tag:Name,Values=harbor-private-*' --query "join(',', Subnets[].SubnetId)" --output text)
aws eks create-cluster --name harbor --role-arn $(aws iam get-role --role-name harbor-cluster-role --query Role.Arn --output text) --resources-vpc-config subnetIds=$SUBNETS
aws eks wait cluster-active --name harbor
