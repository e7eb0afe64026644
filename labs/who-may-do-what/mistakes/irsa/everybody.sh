# finding: trusts-too-many
# from: after
sed -i 's/:shop:prices/:*:*/; s/StringEquals/StringLike/' irsa-trust.json
aws iam update-assume-role-policy --role-name prices --policy-document file://irsa-trust.json
