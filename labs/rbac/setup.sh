kubectl create namespace shop
kubectl create deployment web --image=nginx:1.29 -n shop
kubectl create serviceaccount deployer -n shop
kubectl create clusterrolebinding deployer-admin --clusterrole=cluster-admin --serviceaccount=shop:deployer
