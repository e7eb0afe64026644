source ~/names.env
kubectl create namespace $PROJECT
kubectl label namespace $PROJECT owner=$PERSON
