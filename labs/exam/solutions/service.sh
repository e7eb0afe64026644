source ~/names.env
SUBNET=$(aws ec2 describe-subnets --filters Name=default-for-az,Values=true --query 'Subnets[0].SubnetId' --output text)
aws ecs create-service --cluster $TEAM --service-name $SERVICE --task-definition hello --desired-count 1 --launch-type FARGATE --network-configuration "awsvpcConfiguration={subnets=[$SUBNET],assignPublicIp=ENABLED}"
aws ecs wait services-stable --cluster $TEAM --services $SERVICE
