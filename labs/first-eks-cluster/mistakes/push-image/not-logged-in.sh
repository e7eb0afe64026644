# finding: no-image
REPOSITORY=$(aws ecr create-repository --repository-name site --query repository.repositoryUri --output text)
docker build --tag "$REPOSITORY:v1" site
docker logout "${REPOSITORY%%/*}"
docker push "$REPOSITORY:v1" || echo 'refused: no basic auth credentials'
