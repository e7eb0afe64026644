# The API server answers a little before its roles are there.
until kubectl get nodes; do sleep 0.2; done
kubectl wait --for=condition=Ready nodes --all --timeout=2m
kubectl wait --for=condition=Ready pods --all -n kube-system -l 'tier!=control-plane' --timeout=2m
