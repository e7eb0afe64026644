# finding: worker-other-image
source ~/names.env
kubectl create deployment $WORKER --image=nginx:1.28 --replicas=2 -n $TEAM
kubectl rollout status deployment/$WORKER -n $TEAM
