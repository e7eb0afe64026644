# finding: claim-not-bound
aws iam create-role --role-name harbor-ebs-role --assume-role-policy-document file://pod-trust.json
aws iam attach-role-policy --role-name harbor-ebs-role --policy-arn arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy
aws eks create-addon --cluster-name harbor --addon-name aws-ebs-csi-driver --pod-identity-associations serviceAccount=ebs-csi-controller-sa,roleArn=$(aws iam get-role --role-name harbor-ebs-role --query Role.Arn --output text)
aws eks wait addon-active --cluster-name harbor --addon-name aws-ebs-csi-driver
kubectl apply -f storage.yaml
