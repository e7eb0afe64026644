# finding: no-robot
kubectl create serviceaccount robot
