INSTANCE=$(aws ecs list-container-instances --cluster harbor --query 'containerInstanceArns[0]' --output text)
aws ecs update-container-instances-state --cluster harbor --container-instances $INSTANCE --status DRAINING --query 'containerInstances[].status'
aws ecs delete-service --cluster harbor --service office --force --query service.status
aws ecs deregister-container-instance --cluster harbor --container-instance $INSTANCE --force --query containerInstance.status
aws ssm deregister-managed-instance --instance-id $(aws ssm describe-instance-information --query 'InstanceInformationList[0].InstanceId' --output text)
cat > anywhere.yaml <<END
load-balancer: no
patches: you
without-connection: keeps-running
END
