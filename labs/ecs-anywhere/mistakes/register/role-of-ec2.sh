# finding: ecsanywhererole-not-trusted
sed -i 's/ssm.amazonaws.com/ec2.amazonaws.com/' anywhere-trust.json
aws iam create-role --role-name ecsAnywhereRole --assume-role-policy-document file://anywhere-trust.json
