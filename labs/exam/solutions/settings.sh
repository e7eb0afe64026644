source ~/names.env
kubectl create configmap $APP --from-literal=MODE=exam -n $TEAM
kubectl set env deployment/$APP --from=configmap/$APP -n $TEAM
kubectl rollout status deployment/$APP -n $TEAM
