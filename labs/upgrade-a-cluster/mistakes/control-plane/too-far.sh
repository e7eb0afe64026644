# finding: old-control-plane
aws eks update-cluster-version --name harbor --kubernetes-version 1.36 || echo 'refused'
