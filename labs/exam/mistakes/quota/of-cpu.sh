# finding: no-pod-quota
source ~/names.env
kubectl create quota pods --hard=limits.cpu=10 -n $TEAM
