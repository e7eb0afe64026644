# Another check that asks the same: does nginx accept its configuration and a request?
aws ecs describe-task-definition --task-definition checkout:2 --query 'taskDefinition.{family:family,requiresCompatibilities:requiresCompatibilities,networkMode:networkMode,cpu:cpu,memory:memory,executionRoleArn:executionRoleArn,containerDefinitions:containerDefinitions}' >checkout.json
sed -i 's#curl -f http://localhost/healthz#curl -fsS -o /dev/null http://127.0.0.1/index.html#' checkout.json
aws ecs register-task-definition --cli-input-json file://checkout.json --query taskDefinition.revision
aws ecs update-service --cluster harbor --service checkout --task-definition checkout --query service.taskDefinition
until aws ecs describe-services --cluster harbor --services checkout --query 'services[0].[length(deployments),deployments[0].rolloutState]' --output text | grep -E "^1\s+COMPLETED$"; do sleep 1; done
