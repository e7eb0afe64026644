# finding: no-cronjob
source ~/names.env
kubectl create job $JOB --image=public.ecr.aws/docker/library/busybox:1.37 -n $TEAM -- date
