# One on each machine, however many there are.
aws ecs register-task-definition --cli-input-json file://office.json
aws ecs create-service --cluster harbor --service-name office --task-definition office --launch-type EXTERNAL --scheduling-strategy DAEMON
aws ecs wait services-stable --cluster harbor --services office
