# finding: mail-without-config
kubectl patch deployment mail -n prod --type=json -p '[{"op":"remove","path":"/spec/template/spec/containers/0/volumeMounts"},{"op":"remove","path":"/spec/template/spec/volumes"}]'
kubectl rollout status deployment/mail -n prod --timeout=2m
