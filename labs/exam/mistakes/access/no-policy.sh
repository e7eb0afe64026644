# finding: entry-without-policy
source ~/names.env
aws eks create-access-entry --cluster-name harbor --principal-arn $(aws iam get-role --role-name $PERSON --query Role.Arn --output text)
