kubectl patch deployment orders -n prod --type=json -p '[{"op":"add","path":"/spec/template/spec/containers/0/env","value":[{"name":"DATABASE_HOST","value":"db"}]}]'
kubectl rollout status deployment/orders -n prod --timeout=2m
