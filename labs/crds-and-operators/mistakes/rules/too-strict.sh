# finding: five-refused
sed -i 's/^\( *\)minimum: 1/&\n\1maximum: 3/' crd.yaml
kubectl apply -f crd.yaml
