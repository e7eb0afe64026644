kubectl patch deployment slow --type=json -p '[{"op":"add","path":"/spec/template/spec/containers/0/startupProbe","value":{"httpGet":{"path":"/","port":80},"periodSeconds":2,"failureThreshold":30}}]'
kubectl rollout status deployment/slow --timeout=3m
