# finding: nodes-have-public-addresses
PUBLIC=$(aws ec2 describe-subnets --filters 'Name=tag:Name,Values=harbor-public-*' --query 'Subnets[].SubnetId' --output text)
for SUBNET in $PUBLIC; do aws ec2 modify-subnet-attribute --subnet-id $SUBNET --map-public-ip-on-launch; done
aws eks create-nodegroup --cluster-name harbor --nodegroup-name workers --node-role $(aws iam get-role --role-name harbor-node-role --query Role.Arn --output text) --subnets $PUBLIC --scaling-config minSize=2,maxSize=2,desiredSize=2
aws eks wait nodegroup-active --cluster-name harbor --nodegroup-name workers
kubectl wait --for=condition=Ready nodes --all --timeout=2m
