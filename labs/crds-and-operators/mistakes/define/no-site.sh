# finding: no-site
kubectl apply -f crd.yaml
kubectl wait --for=condition=Established crd/sites.harbor.example --timeout=1m
