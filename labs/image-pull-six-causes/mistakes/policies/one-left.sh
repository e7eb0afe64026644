# finding: digest-not-ready
kubectl patch deployment never --type=json -p '[{"op":"replace","path":"/spec/template/spec/containers/0/imagePullPolicy","value":"IfNotPresent"}]'
kubectl rollout status deployment/never --timeout=2m
