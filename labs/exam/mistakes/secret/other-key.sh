# finding: no-api-key
source ~/names.env
kubectl create secret generic $APP --from-literal=key=41f2 -n $TEAM
