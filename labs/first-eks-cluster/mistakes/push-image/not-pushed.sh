# finding: no-image
# Built and tagged, but the image is still only in the Docker engine.
REPOSITORY=$(aws ecr create-repository --repository-name site --query repository.repositoryUri --output text)
docker build --tag site:v1 site
docker tag site:v1 "$REPOSITORY:v1"
