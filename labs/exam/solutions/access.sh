source ~/names.env
ARN=$(aws iam get-role --role-name $PERSON --query Role.Arn --output text)
aws eks create-access-entry --cluster-name harbor --principal-arn $ARN
aws eks associate-access-policy --cluster-name harbor --principal-arn $ARN --policy-arn arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy --access-scope type=namespace,namespaces=$TEAM
