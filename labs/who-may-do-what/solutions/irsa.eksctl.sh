# eksctl makes provider, role and annotation; the name of the role is its own.
kubectl apply -f prices.yaml
eksctl utils associate-iam-oidc-provider --cluster harbor --approve
eksctl create iamserviceaccount --cluster harbor --namespace shop --name prices --attach-policy-arn arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess --override-existing-serviceaccounts --approve
kubectl rollout restart deployment/prices -n shop
kubectl rollout status deployment/prices -n shop --timeout=2m
