# finding: scope-too-wide
kubectl create namespace shop
ROLE=$(aws iam get-role --role-name developer --query Role.Arn --output text)
aws eks create-access-entry --cluster-name harbor --principal-arn "$ROLE" --query accessEntry.type
aws eks associate-access-policy --cluster-name harbor --principal-arn "$ROLE" --policy-arn arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy --access-scope type=cluster
