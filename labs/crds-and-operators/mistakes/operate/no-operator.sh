# finding: no-operator
kubectl create deployment blog --image=nginx:1.29
