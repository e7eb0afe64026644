# finding: no-service
source ~/names.env
aws ecs run-task --cluster $TEAM --task-definition hello --launch-type FARGATE --network-configuration "awsvpcConfiguration={subnets=[$(aws ec2 describe-subnets --filters Name=default-for-az,Values=true --query 'Subnets[0].SubnetId' --output text)],assignPublicIp=ENABLED}"
