bash break.sh
docker exec kind-control-plane rm /etc/kubernetes/manifests/kube-scheduler.yaml
docker exec kind-control-plane kubeadm init phase control-plane scheduler
kubectl rollout status deployment/canary --timeout=5m
kubectl wait --for=condition=Ready pod/kube-scheduler-kind-control-plane -n kube-system --timeout=2m
