# finding: checkout-old-release
aws ecs update-service --cluster harbor --service checkout --force-new-deployment --query service.taskDefinition
