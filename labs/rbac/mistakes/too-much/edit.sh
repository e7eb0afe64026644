# finding: deployer-reads-secrets
kubectl delete clusterrolebinding deployer-admin
kubectl create rolebinding deployer --clusterrole=edit --serviceaccount=shop:deployer -n shop
