# The same web twice: on Fargate behind an Application Load Balancer, and on EKS behind a Service of type LoadBalancer.
trust='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
aws ecs create-cluster --cluster-name harbor
aws iam create-role --role-name ecsTaskExecutionRole --assume-role-policy-document "$trust"
aws iam attach-role-policy --role-name ecsTaskExecutionRole --policy-arn arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy
VPC=$(aws ec2 describe-vpcs --filters Name=is-default,Values=true --query 'Vpcs[0].VpcId' --output text)
SUBNETS=$(aws ec2 describe-subnets --filters Name=default-for-az,Values=true --query 'Subnets[].SubnetId' --output text)
GROUP=$(aws ec2 create-security-group --group-name web --description 'HTTP from anywhere' --vpc-id $VPC --query GroupId --output text)
aws ec2 authorize-security-group-ingress --group-id $GROUP --protocol tcp --port 80 --cidr 0.0.0.0/0
BALANCER=$(aws elbv2 create-load-balancer --name web --subnets $SUBNETS --security-groups $GROUP --query 'LoadBalancers[0].LoadBalancerArn' --output text)
TARGETS=$(aws elbv2 create-target-group --name web --protocol HTTP --port 80 --vpc-id $VPC --target-type ip --query 'TargetGroups[0].TargetGroupArn' --output text)
aws elbv2 create-listener --load-balancer-arn $BALANCER --protocol HTTP --port 80 --default-actions Type=forward,TargetGroupArn=$TARGETS
aws ecs register-task-definition --cli-input-json file://task.json
aws ecs create-service --cluster harbor --service-name web --task-definition web --desired-count 2 --launch-type FARGATE --load-balancers targetGroupArn=$TARGETS,containerName=web,containerPort=80 --network-configuration "awsvpcConfiguration={subnets=[$(echo $SUBNETS | tr ' ' ,)],securityGroups=[$GROUP],assignPublicIp=ENABLED}"
kubectl apply -f web.yaml
kubectl rollout status deployment/web --timeout=2m
aws ecs wait services-stable --cluster harbor --services web
