# finding: machine-still-there
aws ecs delete-service --cluster harbor --service office --force --query service.status
aws ecs update-container-instances-state --cluster harbor --container-instances $(aws ecs list-container-instances --cluster harbor --query 'containerInstanceArns[0]' --output text) --status DRAINING
