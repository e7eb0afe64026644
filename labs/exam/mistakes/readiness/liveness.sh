# finding: app-without-readiness
source ~/names.env
kubectl patch deployment $APP -n $TEAM --type=json -p '[{"op":"add","path":"/spec/template/spec/containers/0/livenessProbe","value":{"httpGet":{"path":"/","port":80}}}]'
