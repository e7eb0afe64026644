aws ecr create-repository --repository-name site
docker build --tag site:v1 site

REPOSITORY=$(aws ecr describe-repositories --repository-names site --query 'repositories[0].repositoryUri' --output text)
aws ecr get-login-password | docker login --username AWS --password-stdin "${REPOSITORY%%/*}"
docker tag site:v1 "$REPOSITORY:v1"
docker push "$REPOSITORY:v1"

aws ecr describe-images --repository-name site
