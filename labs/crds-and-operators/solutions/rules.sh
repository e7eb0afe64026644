sed -i 's/^\( *\)minimum: 1/&\n\1maximum: 5/' crd.yaml
kubectl apply -f crd.yaml
