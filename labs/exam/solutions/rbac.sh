source ~/names.env
kubectl create role pods --verb=get,list --resource=pods -n $TEAM
kubectl create rolebinding pods --role=pods --group=$PERSON -n $TEAM
