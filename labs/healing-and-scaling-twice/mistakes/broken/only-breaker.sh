# finding: ecs-not-rolled-back
aws ecs update-service --cluster harbor --service web --deployment-configuration 'deploymentCircuitBreaker={enable=true,rollback=true}' --query service.status
