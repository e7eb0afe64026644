# finding: no-managed-node
aws eks create-nodegroup --cluster-name harbor --nodegroup-name second --node-role $(aws iam get-role --role-name harbor-node-role --query Role.Arn --output text) --subnets $(aws eks describe-nodegroup --cluster-name harbor --nodegroup-name workers --query 'nodegroup.subnets' --output text) --instance-types t3.small --scaling-config minSize=1,maxSize=2,desiredSize=1
aws eks wait nodegroup-active --cluster-name harbor --nodegroup-name second
