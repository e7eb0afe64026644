# finding: no-ebs-driver
kubectl apply -f storage.yaml
