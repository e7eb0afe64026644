# finding: no-app-settings
source ~/names.env
kubectl set env deployment/$APP MODE=exam -n $TEAM
kubectl rollout status deployment/$APP -n $TEAM
