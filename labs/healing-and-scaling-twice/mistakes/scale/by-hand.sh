# finding: no-scalable-target
aws ecs update-service --cluster harbor --service web --desired-count 4 --query service.desiredCount
