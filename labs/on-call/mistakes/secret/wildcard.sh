# finding: ledger-may-too-much
aws iam put-role-policy --role-name ledger-execution --policy-name read-secrets --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}'
aws ecs update-service --cluster harbor --service ledger --force-new-deployment --query service.desiredCount
