for NAME in tag typo host; do
  kubectl patch deployment $NAME --type=json -p '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"docker.io/library/nginx:1.29"}]'
  kubectl rollout status deployment/$NAME --timeout=2m
done
