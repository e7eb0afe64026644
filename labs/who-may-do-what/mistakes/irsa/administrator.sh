# finding: role-may-too-much
# from: after
aws iam attach-role-policy --role-name prices --policy-arn arn:aws:iam::aws:policy/AdministratorAccess
