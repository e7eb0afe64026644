# finding: rates-mutable
REGISTRY=$(aws sts get-caller-identity --query Account --output text).dkr.ecr.us-east-1.amazonaws.com
aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"
aws ecr put-image-tag-mutability --repository-name rates --image-tag-mutability MUTABLE --query imageTagMutability
docker build -q --tag "$REGISTRY/rates:v3" rates
docker push -q "$REGISTRY/rates:v3"
