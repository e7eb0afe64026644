# finding: tasks-not-running
aws ecs register-task-definition --cli-input-json file://task.json
subnets=$(aws ec2 describe-subnets --filters Name=default-for-az,Values=true --query "join(',', Subnets[].SubnetId)" --output text)
aws ecs create-service --cluster harbor --service-name web --task-definition web --desired-count 2 --launch-type FARGATE --network-configuration "awsvpcConfiguration={subnets=[$subnets]}"
