# finding: no-machine
aws iam create-role --role-name ecsAnywhereRole --assume-role-policy-document file://anywhere-trust.json
aws iam attach-role-policy --role-name ecsAnywhereRole --policy-arn arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore
aws iam attach-role-policy --role-name ecsAnywhereRole --policy-arn arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role
aws ssm create-activation --iam-role ecsAnywhereRole --registration-limit 1
