kubectl patch pod held --type=json -p '[{"op":"remove","path":"/spec/schedulingGates"}]'
kubectl wait --for=condition=Ready pod/held --timeout=1m
