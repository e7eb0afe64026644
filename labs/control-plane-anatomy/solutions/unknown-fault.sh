bash break.sh
docker exec kind-control-plane sed -i 's#\(image: .*kube-scheduler:\).*#\1v1.35.0#' /etc/kubernetes/manifests/kube-scheduler.yaml
kubectl rollout status deployment/canary --timeout=5m
kubectl wait --for=condition=Ready pod/kube-scheduler-kind-control-plane -n kube-system --timeout=2m
