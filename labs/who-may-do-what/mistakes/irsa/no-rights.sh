# finding: role-may-not-read
# from: after
aws iam delete-role-policy --role-name prices --policy-name read-currency
