# finding: front-without-rollback
source ~/names.env
aws ecs update-service --cluster $TEAM --service front --deployment-configuration 'deploymentCircuitBreaker={enable=true,rollback=false}'
