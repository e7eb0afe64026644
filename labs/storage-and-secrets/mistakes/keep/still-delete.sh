# finding: not-retained
kubectl patch pvc notes --patch '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}'
kubectl wait --for=jsonpath='{.status.capacity.storage}'=2Gi pvc/notes --timeout=5m
