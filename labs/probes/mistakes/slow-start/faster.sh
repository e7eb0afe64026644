# finding: program-changed
kubectl patch deployment slow --type=json -p '[{"op":"replace","path":"/spec/template/spec/containers/0/command/2","value":"exec nginx -g \"daemon off;\""}]'
