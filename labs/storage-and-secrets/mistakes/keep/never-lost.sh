# finding: claim-never-lost
kubectl patch pvc notes --patch '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}'
kubectl wait --for=jsonpath='{.status.capacity.storage}'=2Gi pvc/notes --timeout=5m
kubectl patch pv $(kubectl get pvc notes --output jsonpath='{.spec.volumeName}') --patch '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'
