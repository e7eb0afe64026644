# finding: password-in-the-open
aws secretsmanager create-secret --name app/db --secret-string 's3same-open' --kms-key-id alias/harbor-data
sed -i "s|ROLE_ARN|$(aws iam get-role --role-name ecsTaskExecutionRole --query Role.Arn --output text)|; s|\"secrets\".*|\"environment\": [{ \"name\": \"DB_PASSWORD\", \"value\": \"s3same-open\" }]|" task.json
aws ecs register-task-definition --cli-input-json file://task.json
