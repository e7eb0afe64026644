# finding: app-wrong-target
source ~/names.env
kubectl expose deployment $APP --port=8080 -n $TEAM
