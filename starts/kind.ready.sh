until kubectl get --raw /readyz; do sleep 0.2; done
kubectl wait --for=condition=Ready nodes --all --timeout=2m
kubectl wait --for=condition=Ready pods --all -n kube-system --timeout=2m
