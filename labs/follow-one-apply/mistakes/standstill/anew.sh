# finding: pod-made-anew
kubectl delete pod held --grace-period=1
kubectl run held --image=nginx:1.29
kubectl wait --for=condition=Ready pod/held --timeout=1m
