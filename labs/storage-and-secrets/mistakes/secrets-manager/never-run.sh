# finding: task-not-running
SECRET=$(aws secretsmanager create-secret --name app/db --secret-string 's3same-open' --kms-key-id alias/harbor-data --query ARN --output text)
sed -i "s|SECRET_ARN|$SECRET|; s|ROLE_ARN|$(aws iam get-role --role-name ecsTaskExecutionRole --query Role.Arn --output text)|" task.json
aws ecs register-task-definition --cli-input-json file://task.json
