# finding: controller-manager-away
docker exec kind-control-plane mv /etc/kubernetes/manifests/kube-controller-manager.yaml /root/
kubectl wait --for=delete pod/kube-controller-manager-kind-control-plane -n kube-system --timeout=2m
