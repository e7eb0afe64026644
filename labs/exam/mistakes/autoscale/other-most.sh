# finding: autoscaler-other-range
source ~/names.env
kubectl autoscale deployment $APP --cpu=60% --min=2 --max=10 -n $TEAM
