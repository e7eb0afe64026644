# finding: no-harbor-node-role
aws iam create-role --role-name harbor-cluster-role --assume-role-policy-document file://cluster-trust.json
aws iam attach-role-policy --role-name harbor-cluster-role --policy-arn arn:aws:iam::aws:policy/AmazonEKSClusterPolicy
