# finding: no-ecs-service
aws ecs register-task-definition --cli-input-json file://task.json --query taskDefinition.status
