# finding: no-key-password
kubectl create secret generic db --from-literal=PASSWORD=harbor-42
