# Breaks something in the control plane. Read it only when you have found out what.
M=/etc/kubernetes/manifests/kube-scheduler.yaml
docker exec kind-control-plane sed -i 's#\(image: .*kube-scheduler:\).*#\1v1.35.99#' $M
kubectl create deployment canary --image=nginx:1.29
echo 'Done. Something is broken now.'
