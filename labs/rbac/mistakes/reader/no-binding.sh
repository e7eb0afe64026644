# finding: robot-cannot-read
kubectl create serviceaccount robot -n shop
kubectl create role reader --verb=get,list,watch --resource=pods -n shop
