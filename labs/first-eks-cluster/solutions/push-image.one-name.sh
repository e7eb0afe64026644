# Built with the registry's name at once, so nothing is left to tag.
REPOSITORY=$(aws ecr create-repository --repository-name site --query repository.repositoryUri --output text)
aws ecr get-login-password | docker login -u AWS --password-stdin "$REPOSITORY"
docker build -t "$REPOSITORY:v1" -t "$REPOSITORY:latest" site
docker push --all-tags "$REPOSITORY"
