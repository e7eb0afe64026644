aws ecr create-repository --repository-name app
aws ecr put-image-tag-mutability --repository-name app --image-tag-mutability IMMUTABLE
REGISTRY=$(aws sts get-caller-identity --query Account --output text).dkr.ecr.us-east-1.amazonaws.com
aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"
for V in 1 2; do
  echo $V > app/version.txt
  docker build -q --tag "$REGISTRY/app:v$V" app
  docker push -q "$REGISTRY/app:v$V"
done
