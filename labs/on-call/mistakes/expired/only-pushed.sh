# finding: gallery-expires-again
REGISTRY=$(aws sts get-caller-identity --query Account --output text).dkr.ecr.us-east-1.amazonaws.com
aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"
docker build -q --tag "$REGISTRY/gallery:v1" gallery
docker push -q "$REGISTRY/gallery:v1"
kubectl rollout restart deployment/gallery -n prod
kubectl rollout status deployment/gallery -n prod --timeout=2m
