# finding: no-repository
REGISTRY=$(aws sts get-caller-identity --query Account --output text).dkr.ecr.us-east-1.amazonaws.com
docker tag site:v1 "$REGISTRY/site:v1"
