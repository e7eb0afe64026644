kubectl patch crd sites.harbor.example --type=json -p '[{"op":"add","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/replicas/x-kubernetes-validations","value":[{"rule":"self <= 5","message":"at most five"}]}]'
while kubectl patch site blog --type=merge -p '{"spec":{"replicas":6}}' --dry-run=server; do sleep 0.2; done
