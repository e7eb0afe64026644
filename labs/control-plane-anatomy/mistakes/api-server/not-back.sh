# finding: api-server-away
docker exec kind-control-plane mv /etc/kubernetes/manifests/kube-apiserver.yaml /root/
while kubectl get nodes; do sleep 1; done
