# finding: group-may-elsewhere
source ~/names.env
kubectl create clusterrolebinding pods --clusterrole=view --group=$PERSON
