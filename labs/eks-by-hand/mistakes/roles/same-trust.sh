# finding: harbor-node-role-not-trusted
# from: after
aws iam update-assume-role-policy --role-name harbor-node-role --policy-document file://cluster-trust.json
