# finding: task-other-container
source ~/names.env
aws ecs register-task-definition --family $SERVICE --requires-compatibilities FARGATE --network-mode awsvpc --cpu 256 --memory 512 --container-definitions '[{"name":"web","image":"public.ecr.aws/nginx/nginx:1.29"}]'
