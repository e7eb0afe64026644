# The Secret from a file, the key before it.
KEY=$(aws kms describe-key --key-id alias/harbor-data --query KeyMetadata.Arn --output text)
aws eks associate-encryption-config --cluster-name harbor --encryption-config '[{"resources":["secrets"],"provider":{"keyArn":"'$KEY'"}}]'
printf s3same-open > password
kubectl create secret generic db --from-file=password
kubectl apply -f app.yaml
kubectl rollout status deployment/app --timeout=5m
until aws eks describe-cluster --name harbor --query 'cluster.encryptionConfig[0].provider.keyArn' --output text | grep $KEY; do sleep 1; done
