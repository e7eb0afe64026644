# As the text, without the run that fails.
SECRET=$(aws secretsmanager create-secret --name app/db --secret-string 's3same-open' --kms-key-id alias/harbor-data --query ARN --output text)
sed -i "s|SECRET_ARN|$SECRET|; s|ROLE_ARN|$(aws iam get-role --role-name ecsTaskExecutionRole --query Role.Arn --output text)|; s|KEY_ARN|$(aws kms describe-key --key-id alias/harbor-data --query KeyMetadata.Arn --output text)|" task.json policy.json
aws iam put-role-policy --role-name ecsTaskExecutionRole --policy-name read-app-db --policy-document file://policy.json
aws ecs register-task-definition --cli-input-json file://task.json
SUBNET=$(aws ec2 describe-subnets --filters Name=default-for-az,Values=true --query 'Subnets[0].SubnetId' --output text)
TASK=$(aws ecs run-task --cluster harbor --task-definition app --launch-type FARGATE --network-configuration "awsvpcConfiguration={subnets=[$SUBNET],assignPublicIp=ENABLED}" --query 'tasks[0].taskArn' --output text)
aws ecs wait tasks-running --cluster harbor --tasks $TASK
