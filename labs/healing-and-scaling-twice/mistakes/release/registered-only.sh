# finding: ecs-other-version
sed -i 's/nginx:1.28/nginx:1.29/' task.json
aws ecs register-task-definition --cli-input-json file://task.json --query taskDefinition.revision
