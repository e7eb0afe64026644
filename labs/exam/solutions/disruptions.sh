source ~/names.env
kubectl create poddisruptionbudget $APP --selector=app=$APP --min-available=1 -n $TEAM
