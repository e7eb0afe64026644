# finding: no-managed-node
# from: after
aws eks update-nodegroup-config --cluster-name harbor --nodegroup-name second --labels removeLabels=kind
until [ -z "$(kubectl get nodes --selector kind=managed -o name)" ]; do sleep 0.5; done
