# finding: same-tasks
# The tasks' addresses as they are now.
aws ec2 describe-network-interfaces --network-interface-ids $(aws ecs describe-tasks --cluster harbor --tasks $(aws ecs list-tasks --cluster harbor --service-name web --query 'taskArns' --output text) --query "tasks[].attachments[].details[?name=='networkInterfaceId'].value[]" --output text) --query 'NetworkInterfaces[].PrivateIpAddress' --output text > before.txt
kubectl get pods -l app=web -o jsonpath='{.items[*].status.podIP}' >> before.txt
kubectl delete pods -l app=web
