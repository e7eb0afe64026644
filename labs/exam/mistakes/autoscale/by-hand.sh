# finding: no-app-autoscaler
source ~/names.env
kubectl scale deployment $APP --replicas=5 -n $TEAM
