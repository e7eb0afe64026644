kubectl delete service cart -n prod
kubectl expose deployment cart --port=80 -n prod
kubectl wait --for=jsonpath='{.endpoints[0].conditions.ready}'=true endpointslices -l kubernetes.io/service-name=cart -n prod --timeout=1m
