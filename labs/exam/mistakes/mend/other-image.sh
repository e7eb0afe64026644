# finding: legacy-other-image
source ~/names.env
kubectl set image deployment/$APP nginx=public.ecr.aws/nginx/nginx:1.29 -n legacy
kubectl rollout status deployment/$APP -n legacy
