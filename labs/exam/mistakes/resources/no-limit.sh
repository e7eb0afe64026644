# finding: app-other-limit
source ~/names.env
kubectl set resources deployment/$APP --requests=cpu=50m,memory=64Mi -n $TEAM
