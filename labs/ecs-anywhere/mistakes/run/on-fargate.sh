# finding: not-external
sed -i 's/EXTERNAL/FARGATE/; s/"bridge"/"awsvpc", "cpu": "256", "memory": "512"/; s/, "hostPort": 8080//' office.json
aws ecs register-task-definition --cli-input-json file://office.json
SUBNET=$(aws ec2 describe-subnets --filters Name=default-for-az,Values=true --query 'Subnets[0].SubnetId' --output text)
aws ecs create-service --cluster harbor --service-name office --task-definition office --launch-type FARGATE --desired-count 1 --network-configuration "awsvpcConfiguration={subnets=[$SUBNET],assignPublicIp=ENABLED}"
