# finding: worker-not-ready
source ~/names.env
kubectl create deployment $WORKER --image=public.ecr.aws/nginx/nginx:1.29 -n $TEAM
