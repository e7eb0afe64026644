# finding: no-role
# from: after
ACCOUNT=$(aws sts get-caller-identity --query Account --output text)
kubectl annotate serviceaccount prices -n shop --overwrite "eks.amazonaws.com/role-arn=arn:aws:iam::$ACCOUNT:role/price"
