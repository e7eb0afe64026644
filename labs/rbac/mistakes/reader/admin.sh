# finding: robot-may-too-much
kubectl create serviceaccount robot -n shop
kubectl create rolebinding robot --clusterrole=admin --serviceaccount=shop:robot -n shop
