# finding: not-on-fargate
# from: after
kubectl delete namespace serverless
kubectl create deployment site --image=public.ecr.aws/nginx/nginx:1.29 --replicas=2
