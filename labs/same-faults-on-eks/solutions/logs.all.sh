aws eks update-cluster-config --name harbor --logging '{"clusterLogging":[{"types":["api","audit","authenticator","controllerManager","scheduler"],"enabled":true}]}' --query update.status
aws eks wait cluster-active --name harbor
