# finding: too-few-wanted
# from: after
aws ecs update-service --cluster harbor --service web --desired-count 1 --query service.status
