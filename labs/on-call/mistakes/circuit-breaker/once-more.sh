# finding: checkout-old-release
aws ecs update-service --cluster harbor --service checkout --task-definition checkout:2 --query service.taskDefinition
until aws ecs describe-services --cluster harbor --services checkout --query 'services[0].[taskDefinition,length(deployments)]' --output text | grep -E 'checkout:1\s+1$'; do sleep 1; done
