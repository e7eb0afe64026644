kubectl patch deployment slow --type=json -p '[{"op":"add","path":"/spec/template/spec/containers/0/livenessProbe/initialDelaySeconds","value":30}]'
kubectl rollout status deployment/slow --timeout=3m
kubectl wait --for=jsonpath='{.items[0].status.containerStatuses[0].started}'=true pods -l app=slow --timeout=1m || true
until kubectl exec deployment/slow -- curl -sf localhost >/dev/null 2>&1; do sleep 1; done
