REGISTRY=$(aws sts get-caller-identity --query Account --output text).dkr.ecr.us-east-1.amazonaws.com
aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"
aws ecr put-lifecycle-policy --repository-name gallery --lifecycle-policy-text '{"rules":[{"rulePriority":1,"description":"Keep the ten newest","selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":10},"action":{"type":"expire"}}]}' --query repositoryName
docker build -q --tag "$REGISTRY/gallery:v1-again" gallery
docker push -q "$REGISTRY/gallery:v1-again"
kubectl set image deployment/gallery "gallery=$REGISTRY/gallery:v1-again" -n prod
kubectl rollout status deployment/gallery -n prod --timeout=2m
