# finding: page-not-in-image
# The base image was tagged instead of the one that was built.
REPOSITORY=$(aws ecr create-repository --repository-name site --query repository.repositoryUri --output text)
aws ecr get-login-password | docker login --username AWS --password-stdin "${REPOSITORY%%/*}"
docker build --tag site:v1 site
docker tag nginx:1.29 "$REPOSITORY:v1"
docker push "$REPOSITORY:v1"
