# finding: app-other-requests
source ~/names.env
kubectl set resources deployment/$APP --limits=memory=128Mi -n $TEAM
