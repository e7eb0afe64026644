ARN=$(aws secretsmanager describe-secret --secret-id ledger/db --query ARN --output text)
aws iam put-role-policy --role-name ledger-execution --policy-name read-ledger-db --policy-document "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"secretsmanager:GetSecretValue\",\"Resource\":\"$ARN\"}]}"
aws ecs update-service --cluster harbor --service ledger --force-new-deployment --query service.desiredCount
until aws ecs describe-services --cluster harbor --services ledger --query 'services[0].runningCount' | grep -x 1; do sleep 1; done
