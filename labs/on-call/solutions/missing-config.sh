kubectl patch deployment mail -n prod --type=json -p '[{"op":"replace","path":"/spec/template/spec/volumes/0/configMap/name","value":"mail-config"}]'
kubectl rollout status deployment/mail -n prod --timeout=2m
