# finding: pod-without-identity
# The association comes after the pod.
aws iam create-role --role-name uploader --assume-role-policy-document file://pod-trust.json --query Role.Arn
kubectl create serviceaccount uploader --namespace shop
aws eks create-addon --cluster-name harbor --addon-name eks-pod-identity-agent --query addon.status
kubectl apply -f uploader.yaml
kubectl wait --for=jsonpath='{.status.phase}'=Running pod -l app=uploader -n shop --timeout=2m
aws eks create-pod-identity-association --cluster-name harbor --namespace shop --service-account uploader --role-arn "$(aws iam get-role --role-name uploader --query Role.Arn --output text)" --query association.associationId
