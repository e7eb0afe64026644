# finding: no-repository
# ECR does not make a repository by itself when an image arrives.
ACCOUNT=$(aws sts get-caller-identity --query Account --output text)
REGISTRY=$ACCOUNT.dkr.ecr.us-east-1.amazonaws.com
aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"
docker build --tag "$REGISTRY/site:v1" site
docker push "$REGISTRY/site:v1" || echo 'refused: the repository does not exist'
