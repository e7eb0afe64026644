# finding: no-namespace
source ~/names.env
kubectl create namespace projects
