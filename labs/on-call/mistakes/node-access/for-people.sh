# finding: entry-not-for-nodes
NODE_ROLE=$(aws iam get-role --role-name harbor-batch-role --query Role.Arn --output text)
aws eks create-access-entry --cluster-name harbor --principal-arn "$NODE_ROLE" --query accessEntry.type
