# finding: app-without-keys
source ~/names.env
kubectl create secret generic $APP --from-literal=api-key=41f2 -n $TEAM
