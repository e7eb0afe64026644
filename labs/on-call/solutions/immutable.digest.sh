REGISTRY=$(aws sts get-caller-identity --query Account --output text).dkr.ecr.us-east-1.amazonaws.com
aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"
docker build -q --tag "$REGISTRY/rates:2026-11-29" rates
docker push -q "$REGISTRY/rates:2026-11-29"
DIGEST=$(aws ecr describe-images --repository-name rates --image-ids imageTag=2026-11-29 --query 'imageDetails[0].imageDigest' --output text)
kubectl set image deployment/rates "rates=$REGISTRY/rates@$DIGEST" -n prod
kubectl rollout status deployment/rates -n prod --timeout=2m
