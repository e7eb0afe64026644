# finding: no-authenticator-log
aws eks update-cluster-config --name harbor --logging '{"clusterLogging":[{"types":["audit"],"enabled":true}]}' --query update.status
