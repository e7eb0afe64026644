# finding: orphaned-load-balancer
# The cluster goes while its Service still has a load balancer, and nobody is left to remove it.
aws eks delete-nodegroup --cluster-name harbor --nodegroup-name workers
aws eks wait nodegroup-deleted --cluster-name harbor --nodegroup-name workers
aws eks delete-cluster --name harbor
aws eks wait cluster-deleted --name harbor
