source ~/names.env
aws eks update-nodegroup-config --cluster-name harbor --nodegroup-name workers --scaling-config minSize=1,maxSize=6,desiredSize=3
