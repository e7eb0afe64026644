# finding: web-not-ready
kubectl patch deployment web --type=json -p '[{"op":"replace","path":"/spec/template/spec/containers/0/readinessProbe/httpGet/path","value":"/health"}]'
kubectl wait --for=jsonpath='{.status.unavailableReplicas}'=1 deployment/web
