# finding: too-many-allowed
sed -i 's/minimum: 1/minimum: 2/' crd.yaml
kubectl apply -f crd.yaml
