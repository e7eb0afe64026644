# finding: app-other-port
source ~/names.env
kubectl expose deployment $APP --port=80 -n $TEAM
