# finding: group-may-not
source ~/names.env
kubectl create role pods --verb=get,list --resource=pods -n $TEAM
kubectl create rolebinding pods --role=pods --user=$PERSON -n $TEAM
