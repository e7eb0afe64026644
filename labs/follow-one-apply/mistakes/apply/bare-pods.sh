# finding: no-ship
kubectl run ship --image=nginx:1.29 --labels=app=ship
