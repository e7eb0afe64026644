# finding: provider-not-trusted
# from: after
aws iam update-assume-role-policy --role-name prices --policy-document file://pod-trust.json
