ROLE=$(aws iam get-role --role-name auditor --query Role.Arn --output text)
aws eks create-access-entry --cluster-name harbor --principal-arn "$ROLE" --query accessEntry.type
aws eks update-access-entry --cluster-name harbor --principal-arn "$ROLE" --kubernetes-groups auditors --query accessEntry.type
kubectl create clusterrolebinding see-all --clusterrole=view --group=auditors
