# finding: no-limit-range
kubectl create quota team --hard=pods=4 -n team-a
