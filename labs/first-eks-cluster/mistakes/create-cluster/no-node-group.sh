# finding: no-nodegroup
# from: after
# A control plane alone runs no pods.
aws eks delete-nodegroup --cluster-name harbor --nodegroup-name workers
aws eks wait nodegroup-deleted --cluster-name harbor --nodegroup-name workers
