# finding: checkout-unchecked
aws ecs describe-task-definition --task-definition checkout:2 --query 'taskDefinition.{family:family,requiresCompatibilities:requiresCompatibilities,networkMode:networkMode,cpu:cpu,memory:memory,executionRoleArn:executionRoleArn,containerDefinitions:containerDefinitions[].{name:name,image:image,portMappings:portMappings}}' >checkout.json
aws ecs register-task-definition --cli-input-json file://checkout.json --query taskDefinition.revision
aws ecs update-service --cluster harbor --service checkout --task-definition checkout --query service.taskDefinition
