source ~/names.env
kubectl autoscale deployment $APP --cpu=60% --min=2 --max=5 -n $TEAM
