until kubectl get nodes; do sleep 0.2; done
kubectl wait --for=condition=Ready nodes -l eks.amazonaws.com/nodegroup=workers --timeout=2m
kubectl wait --for=condition=Ready pods -l 'app in (untouched, cart, rates)' -n prod --timeout=2m
