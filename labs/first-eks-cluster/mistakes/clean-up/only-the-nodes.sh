# finding: cluster-left
# The control plane costs the same with no node at all.
kubectl delete service,deployment site
aws eks delete-nodegroup --cluster-name harbor --nodegroup-name workers
aws eks wait nodegroup-deleted --cluster-name harbor --nodegroup-name workers
