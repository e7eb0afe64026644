kubectl patch deployment never --type=json -p '[{"op":"replace","path":"/spec/template/spec/containers/0/imagePullPolicy","value":"IfNotPresent"}]'
DIGEST=$(docker pull nginx:1.29 | sed -n 's/^Digest: //p')
kubectl set image deployment/digest "*=nginx@$DIGEST"
kubectl rollout status deployment/never --timeout=2m
kubectl rollout status deployment/digest --timeout=2m
