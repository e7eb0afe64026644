# finding: invoices-replaced
kubectl patch deployment invoices -n prod --type=json -p '[{"op":"replace","path":"/spec/template/spec/containers/0/command","value":["sleep","100000"]}]'
