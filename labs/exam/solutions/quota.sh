source ~/names.env
kubectl create quota pods --hard=pods=10 -n $TEAM
