# finding: not-for-fargate
source ~/names.env
aws ecs register-task-definition --family $SERVICE --container-definitions '[{"name":"web","image":"public.ecr.aws/nginx/nginx:1.29","memory":512,"portMappings":[{"containerPort":80}]}]'
