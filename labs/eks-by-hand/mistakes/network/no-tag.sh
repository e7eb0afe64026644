# finding: too-few-private-subnets
# from: after
# The subnets are there, and nothing says that load balancers of the inside belong into them.
aws ec2 delete-tags --resources $(aws ec2 describe-subnets --filters 'Name=tag:Name,Values=harbor-private-*' --query 'Subnets[].SubnetId' --output text) --tags Key=kubernetes.io/role/internal-elb
