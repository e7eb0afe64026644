# finding: claim-not-bound
aws eks create-addon --cluster-name harbor --addon-name aws-ebs-csi-driver
aws eks wait addon-active --cluster-name harbor --addon-name aws-ebs-csi-driver
kubectl apply -f storage.yaml
