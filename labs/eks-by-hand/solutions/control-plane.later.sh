# The key comes after the cluster.
SUBNETS=$(aws ec2 describe-subnets --filters 'Name=tag:Name,Values=harbor-private-*' --query "join(',', Subnets[].SubnetId)" --output text)
aws eks create-cluster --name harbor --role-arn $(aws iam get-role --role-name harbor-cluster-role --query Role.Arn --output text) --resources-vpc-config subnetIds=$SUBNETS
KEY=$(aws kms create-key --query KeyMetadata.Arn --output text)
aws eks wait cluster-active --name harbor
aws eks associate-encryption-config --cluster-name harbor --encryption-config '[{"resources":["secrets"],"provider":{"keyArn":"'$KEY'"}}]'
until aws eks describe-cluster --name harbor --query cluster.encryptionConfig | grep key/; do sleep 1; done
aws eks update-kubeconfig --name harbor
