# finding: thumbs-unlimited
kubectl patch deployment thumbs -n prod --type=json -p '[{"op":"remove","path":"/spec/template/spec/containers/0/resources"}]'
kubectl rollout status deployment/thumbs -n prod --timeout=2m
