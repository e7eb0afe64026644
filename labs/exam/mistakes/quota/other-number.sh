# finding: quota-other-number
source ~/names.env
kubectl create quota pods --hard=pods=100 -n $TEAM
