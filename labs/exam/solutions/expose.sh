source ~/names.env
kubectl expose deployment $APP --port=8080 --target-port=80 -n $TEAM
