# finding: app-without-mode
source ~/names.env
kubectl create configmap $APP --from-literal=MODE=exam -n $TEAM
