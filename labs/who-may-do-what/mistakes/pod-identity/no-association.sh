# finding: no-association
aws iam create-role --role-name uploader --assume-role-policy-document file://pod-trust.json --query Role.Arn
kubectl create serviceaccount uploader --namespace shop
