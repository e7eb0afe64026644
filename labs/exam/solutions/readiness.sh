source ~/names.env
kubectl patch deployment $APP -n $TEAM --type=json -p '[{"op":"add","path":"/spec/template/spec/containers/0/readinessProbe","value":{"httpGet":{"path":"/","port":80}}}]'
kubectl rollout status deployment/$APP -n $TEAM
