# finding: nodes-in-one-zone
aws eks create-nodegroup --cluster-name harbor --nodegroup-name workers --node-role $(aws iam get-role --role-name harbor-node-role --query Role.Arn --output text) --subnets $(aws ec2 describe-subnets --filters Name=tag:Name,Values=harbor-private-a --query 'Subnets[0].SubnetId' --output text) --scaling-config minSize=2,maxSize=2,desiredSize=2
aws eks wait nodegroup-active --cluster-name harbor --nodegroup-name workers
kubectl wait --for=condition=Ready nodes --all --timeout=2m
