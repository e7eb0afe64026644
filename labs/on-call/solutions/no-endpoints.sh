kubectl patch service cart -n prod -p '{"spec":{"selector":{"app":"cart"}}}'
kubectl wait --for=jsonpath='{.endpoints[0].conditions.ready}'=true endpointslices -l kubernetes.io/service-name=cart -n prod --timeout=1m
