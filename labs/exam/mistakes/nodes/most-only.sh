# finding: workers-other-number
source ~/names.env
aws eks update-nodegroup-config --cluster-name harbor --nodegroup-name workers --scaling-config maxSize=6
