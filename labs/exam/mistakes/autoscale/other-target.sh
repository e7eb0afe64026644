# finding: autoscaler-other-target
source ~/names.env
kubectl autoscale deployment $APP --cpu=80% --min=2 --max=5 -n $TEAM
