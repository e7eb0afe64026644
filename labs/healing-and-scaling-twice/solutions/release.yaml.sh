# EKS by its file; ECS with the revision by name.
sed -i 's/nginx:1.28/nginx:1.29/' task.json web.yaml
kubectl apply -f web.yaml
aws ecs update-service --cluster harbor --service web --task-definition $(aws ecs register-task-definition --cli-input-json file://task.json --query taskDefinition.taskDefinitionArn --output text)
kubectl rollout status deployment/web
aws ecs wait services-stable --cluster harbor --services web
