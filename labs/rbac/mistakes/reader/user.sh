# finding: bound-to-another
kubectl create serviceaccount robot -n shop
kubectl create role reader --verb=get,list,watch --resource=pods -n shop
kubectl create rolebinding robot-reads --role=reader --user=robot -n shop
