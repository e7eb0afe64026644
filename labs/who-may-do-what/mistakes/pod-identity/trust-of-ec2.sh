# finding: call-refused
# from: after
sed -i 's/pods.eks.amazonaws.com/ec2.amazonaws.com/' pod-trust.json
aws iam update-assume-role-policy --role-name uploader --policy-document file://pod-trust.json
