# finding: checkout-without-breaker
aws ecs update-service --cluster harbor --service checkout --task-definition checkout:2 --deployment-configuration 'deploymentCircuitBreaker={enable=false,rollback=false}' --query service.taskDefinition
