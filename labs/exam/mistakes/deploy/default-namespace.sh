# finding: no-worker
source ~/names.env
kubectl create deployment $WORKER --image=public.ecr.aws/nginx/nginx:1.29 --replicas=2
