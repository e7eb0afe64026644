eksctl create cluster --name harbor --nodes 2 --node-type t3.medium
kubectl wait --for=condition=Ready nodes --all --timeout=5m
