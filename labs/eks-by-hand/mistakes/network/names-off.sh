# finding: dns-names-off
# from: after
aws ec2 modify-vpc-attribute --vpc-id $(aws ec2 describe-vpcs --filters Name=tag:Name,Values=harbor --query 'Vpcs[0].VpcId' --output text) --no-enable-dns-hostnames
