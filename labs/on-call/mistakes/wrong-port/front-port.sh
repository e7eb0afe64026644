# finding: search-moved
kubectl patch service search -n prod --type=json -p '[{"op":"replace","path":"/spec/ports/0","value":{"port":8080,"targetPort":80,"protocol":"TCP"}}]'
