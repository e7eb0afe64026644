# finding: too-few-nodes
# from: after
# The node group is there, but it keeps no instance.
aws eks update-nodegroup-config --cluster-name harbor --nodegroup-name workers --scaling-config minSize=0,maxSize=3,desiredSize=0
aws eks wait nodegroup-active --cluster-name harbor --nodegroup-name workers
kubectl wait --for=delete nodes --all --timeout=2m
