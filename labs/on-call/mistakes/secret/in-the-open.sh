# finding: ledger-without-secret
aws ecs describe-task-definition --task-definition ledger --query 'taskDefinition.{family:family,requiresCompatibilities:requiresCompatibilities,networkMode:networkMode,cpu:cpu,memory:memory,executionRoleArn:executionRoleArn,containerDefinitions:containerDefinitions}' >ledger.json
sed -i 's/"secrets"/"environment"/; s/"valueFrom": ".*"/"value": "harbor-42"/' ledger.json
aws ecs register-task-definition --cli-input-json file://ledger.json --query taskDefinition.revision
aws ecs update-service --cluster harbor --service ledger --task-definition ledger --query service.taskDefinition
