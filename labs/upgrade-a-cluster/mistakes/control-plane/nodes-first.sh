# finding: old-control-plane
aws eks update-nodegroup-version --cluster-name harbor --nodegroup-name workers --kubernetes-version 1.35 || echo 'refused: newer than the control plane'
