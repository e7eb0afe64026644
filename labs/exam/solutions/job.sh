source ~/names.env
kubectl create cronjob $JOB --image=public.ecr.aws/docker/library/busybox:1.37 --schedule='15 3 * * *' -n $TEAM -- date
