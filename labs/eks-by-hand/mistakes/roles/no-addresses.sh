# finding: harbor-node-role-lacks-policy
# from: after
aws iam detach-role-policy --role-name harbor-node-role --policy-arn arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy
