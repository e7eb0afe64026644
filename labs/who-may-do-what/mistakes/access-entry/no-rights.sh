# finding: no-access-policy
kubectl create namespace shop
aws eks create-access-entry --cluster-name harbor --principal-arn "$(aws iam get-role --role-name developer --query Role.Arn --output text)" --query accessEntry.type
