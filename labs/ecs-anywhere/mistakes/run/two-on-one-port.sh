# finding: office-not-running
# from: after
aws ecs update-service --cluster harbor --service office --desired-count 2 --query service.desiredCount
