# finding: front-without-breaker
source ~/names.env
aws ecs describe-services --cluster $TEAM --services front
