# finding: workers-other-most
source ~/names.env
aws eks update-nodegroup-config --cluster-name harbor --nodegroup-name workers --scaling-config desiredSize=3
