# finding: budget-too-strict
source ~/names.env
kubectl create poddisruptionbudget $APP --selector=app=$APP --min-available=2 -n $TEAM
