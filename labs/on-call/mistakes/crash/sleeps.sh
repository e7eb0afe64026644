# finding: program-replaced
kubectl patch deployment orders -n prod --type=json -p '[{"op":"replace","path":"/spec/template/spec/containers/0/command","value":["sleep","100000"]}]'
