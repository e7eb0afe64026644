# finding: app-without-pods
source ~/names.env
kubectl create service clusterip $APP --tcp=8080:80 -n $TEAM
kubectl set selector service $APP app=nothing -n $TEAM
