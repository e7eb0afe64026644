# finding: nodegroup-left
kubectl delete service,deployment site
aws eks delete-cluster --name harbor || echo 'refused: the cluster has node groups'
