kubectl apply -f slow.yaml
