# finding: no-scaling-policy
aws application-autoscaling register-scalable-target --service-namespace ecs --resource-id service/harbor/web --scalable-dimension ecs:service:DesiredCount --min-capacity 2 --max-capacity 6
