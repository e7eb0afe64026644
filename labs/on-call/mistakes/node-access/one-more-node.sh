# finding: batch-node-not-ready
aws eks update-nodegroup-config --cluster-name harbor --nodegroup-name batch --scaling-config desiredSize=2 --query update.status
