# finding: no-fargate-profile
kubectl create namespace serverless
kubectl create deployment site --image=public.ecr.aws/nginx/nginx:1.29 --replicas=2 --namespace serverless
