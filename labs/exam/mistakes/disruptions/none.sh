# finding: no-budget
source ~/names.env
kubectl scale deployment $APP --replicas=3 -n $TEAM
