# Taken out, mended with an editor's means, and put back.
bash break.sh
docker cp kind-control-plane:/etc/kubernetes/manifests/kube-scheduler.yaml scheduler.yaml
sed -i 's#\(image: .*:\)v1.35.99#\1v1.35.0#' scheduler.yaml
docker cp scheduler.yaml kind-control-plane:/etc/kubernetes/manifests/kube-scheduler.yaml
kubectl rollout status deployment/canary --timeout=5m
kubectl wait --for=condition=Ready pod/kube-scheduler-kind-control-plane -n kube-system --timeout=2m
