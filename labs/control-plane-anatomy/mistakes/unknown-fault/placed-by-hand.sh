# finding: scheduler-away
bash break.sh
kubectl patch deployment canary -p '{"spec":{"template":{"spec":{"nodeName":"kind-worker"}}}}'
kubectl rollout status deployment/canary --timeout=2m
kubectl wait --for=condition=Ready=false pod/kube-scheduler-kind-control-plane -n kube-system --timeout=1m || true
