# finding: job-other-time
source ~/names.env
kubectl create cronjob $JOB --image=public.ecr.aws/docker/library/busybox:1.37 --schedule='3 15 * * *' -n $TEAM -- date
