# finding: service-wants-none
source ~/names.env
aws ecs create-service --cluster $TEAM --service-name $SERVICE --task-definition hello --desired-count 0 --launch-type FARGATE --network-configuration "awsvpcConfiguration={subnets=[$(aws ec2 describe-subnets --filters Name=default-for-az,Values=true --query 'Subnets[0].SubnetId' --output text)],assignPublicIp=ENABLED}"
