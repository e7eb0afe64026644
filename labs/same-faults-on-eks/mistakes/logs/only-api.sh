# finding: no-audit-log
aws eks update-cluster-config --name harbor --logging '{"clusterLogging":[{"types":["api"],"enabled":true}]}' --query update.status
