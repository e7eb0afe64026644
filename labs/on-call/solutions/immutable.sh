REGISTRY=$(aws sts get-caller-identity --query Account --output text).dkr.ecr.us-east-1.amazonaws.com
aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"
docker build -q --tag "$REGISTRY/rates:v4" rates
docker push -q "$REGISTRY/rates:v4"
kubectl set image deployment/rates "rates=$REGISTRY/rates:v4" -n prod
kubectl rollout status deployment/rates -n prod --timeout=2m
