# finding: scheduler-away
kubectl create deployment web --image=nginx:1.29 --replicas=2
kubectl rollout status deployment/web
docker exec kind-control-plane mv /etc/kubernetes/manifests/kube-scheduler.yaml /root/
kubectl wait --for=delete pod/kube-scheduler-kind-control-plane -n kube-system --timeout=2m
sed -i 's/^new-pods:.*/new-pods: Pending/' answers.yaml
