kubectl patch service search -n prod --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":80}]'
