# finding: deployer-cannot-deploy
kubectl delete clusterrolebinding deployer-admin
