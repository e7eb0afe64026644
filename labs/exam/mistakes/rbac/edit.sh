# finding: group-may-too-much
source ~/names.env
kubectl create rolebinding pods --clusterrole=edit --group=$PERSON -n $TEAM
