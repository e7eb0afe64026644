kubectl wait --for=condition=Ready pods --all -n kube-system --timeout=2m
