# finding: no-own-group
aws eks create-access-entry --cluster-name harbor --principal-arn $(aws iam get-role --role-name own-node-role --query Role.Arn --output text) --type EC2_LINUX
