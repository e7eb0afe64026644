# finding: namespace-without-owner
source ~/names.env
kubectl create namespace $PROJECT
