ACCOUNT=$(aws sts get-caller-identity --query Account --output text)
TRUST='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::'$ACCOUNT':root"},"Action":"sts:AssumeRole"}]}'
aws iam create-role --role-name developer --assume-role-policy-document "$TRUST"
aws iam create-role --role-name auditor --assume-role-policy-document "$TRUST"
aws ssm put-parameter --name /shop/currency --type String --value EUR
