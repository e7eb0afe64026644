# finding: wrong-subnet-count
# from: after
# Counted in one availability zone only.
ONE=$(aws ec2 describe-subnets --filters Name=availability-zone,Values=us-east-1a --query 'length(Subnets)')
sed -i "s/^subnets:.*/subnets: $ONE/" answers.yaml
