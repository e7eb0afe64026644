# finding: ledger-not-running
ARN=$(aws secretsmanager describe-secret --secret-id ledger/db --query ARN --output text)
aws iam put-role-policy --role-name ledger-task --policy-name read-ledger-db --policy-document "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"secretsmanager:GetSecretValue\",\"Resource\":\"$ARN\"}]}"
