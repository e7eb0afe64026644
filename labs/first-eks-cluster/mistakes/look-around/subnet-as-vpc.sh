# finding: wrong-vpc
# from: after
# The id of a subnet instead of the VPC's.
SUBNET=$(aws ec2 describe-subnets --query 'Subnets[0].SubnetId' --output text)
sed -i "s/^vpc:.*/vpc: $SUBNET/" answers.yaml
