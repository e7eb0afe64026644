# finding: old-password-in-use
kubectl create secret generic db --from-literal=password=tide-77 --dry-run=client -o yaml | kubectl apply -f -
