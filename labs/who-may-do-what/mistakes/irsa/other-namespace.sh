# finding: other-subject
# from: after
sed -i 's/:shop:prices/:default:prices/' irsa-trust.json
aws iam update-assume-role-policy --role-name prices --policy-document file://irsa-trust.json
