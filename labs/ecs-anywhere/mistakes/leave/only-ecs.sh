# finding: still-managed
aws ecs delete-service --cluster harbor --service office --force --query service.status
aws ecs deregister-container-instance --cluster harbor --container-instance $(aws ecs list-container-instances --cluster harbor --query 'containerInstanceArns[0]' --output text) --force
