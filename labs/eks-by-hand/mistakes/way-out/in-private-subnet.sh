# finding: nat-not-public
VPC=$(aws ec2 describe-vpcs --filters Name=tag:Name,Values=harbor --query 'Vpcs[0].VpcId' --output text)
aws ec2 create-nat-gateway --allocation-id $(aws ec2 allocate-address --query AllocationId --output text) --subnet-id $(aws ec2 describe-subnets --filters Name=tag:Name,Values=harbor-private-a --query 'Subnets[0].SubnetId' --output text)
