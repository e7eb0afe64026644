# finding: too-few-nodes
aws eks create-nodegroup --cluster-name harbor --nodegroup-name workers --node-role $(aws iam get-role --role-name harbor-node-role --query Role.Arn --output text) --subnets $(aws ec2 describe-subnets --filters 'Name=tag:Name,Values=harbor-private-*' --query 'Subnets[].SubnetId' --output text) --scaling-config minSize=1,maxSize=3,desiredSize=1
aws eks wait nodegroup-active --cluster-name harbor --nodegroup-name workers
