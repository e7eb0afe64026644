source ~/names.env
kubectl create namespace $TEAM
kubectl create namespace legacy
kubectl create deployment $APP --image=public.ecr.aws/nginx/nginx:1.29 --replicas=2 -n $TEAM
kubectl create deployment $APP --image=public.ecr.aws/nginx/nginx:1.28 --replicas=2 -n legacy
kubectl rollout status deployment/$APP -n legacy --timeout=2m
kubectl set image deployment/$APP nginx=public.ecr.aws/nginx/nginx:1.28.99 -n legacy
aws iam create-role --role-name $PERSON --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"'$(aws sts get-caller-identity --query Account --output text)'"},"Action":"sts:AssumeRole"}]}'
aws ecr create-repository --repository-name archive
aws ecs create-cluster --cluster-name $TEAM
aws ecs register-task-definition --family hello --requires-compatibilities FARGATE --network-mode awsvpc --cpu 256 --memory 512 --container-definitions '[{"name":"web","image":"public.ecr.aws/nginx/nginx:1.29","portMappings":[{"containerPort":80}]}]'
SUBNET=$(aws ec2 describe-subnets --filters Name=default-for-az,Values=true --query 'Subnets[0].SubnetId' --output text)
aws ecs create-service --cluster $TEAM --service-name front --task-definition hello --desired-count 1 --launch-type FARGATE --network-configuration "awsvpcConfiguration={subnets=[$SUBNET],assignPublicIp=ENABLED}"
