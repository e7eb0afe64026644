# finding: still-admin
kubectl create role deployer --verb=get,list,watch,patch,update --resource=deployments.apps -n shop
kubectl create rolebinding deployer --role=deployer --serviceaccount=shop:deployer -n shop
