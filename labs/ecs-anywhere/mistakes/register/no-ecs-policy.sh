# finding: ecsanywhererole-lacks-policy
# from: after
aws iam detach-role-policy --role-name ecsAnywhereRole --policy-arn arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role
