# finding: no-group
aws eks create-access-entry --cluster-name harbor --principal-arn "$(aws iam get-role --role-name auditor --query Role.Arn --output text)" --query accessEntry.type
