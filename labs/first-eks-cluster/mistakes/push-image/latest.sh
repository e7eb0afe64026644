# finding: no-tag-v1
# Without a tag docker means latest.
REPOSITORY=$(aws ecr create-repository --repository-name site --query repository.repositoryUri --output text)
aws ecr get-login-password | docker login --username AWS --password-stdin "${REPOSITORY%%/*}"
docker build --tag "$REPOSITORY" site
docker push "$REPOSITORY"
