# finding: no-ebs-driver
aws kms create-alias --alias-name alias/harbor-data --target-key-id $(aws kms create-key --query KeyMetadata.KeyId --output text)
kubectl apply -f storage.yaml -f notes.yaml
