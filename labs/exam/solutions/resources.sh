source ~/names.env
kubectl set resources deployment/$APP --requests=cpu=50m,memory=64Mi --limits=memory=128Mi -n $TEAM
kubectl rollout status deployment/$APP -n $TEAM
