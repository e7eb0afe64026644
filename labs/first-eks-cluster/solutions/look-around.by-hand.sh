# Editing the file that is there, unquoted as many people write it.
VPC=$(aws ec2 describe-vpcs --query 'Vpcs[?IsDefault].VpcId' --output text)
sed -i "s/^account:.*/account: $(aws sts get-caller-identity --query Account --output text)/" answers.yaml
sed -i "s/^vpc:.*/vpc: $VPC/" answers.yaml
sed -i "s/^subnets:.*/subnets: $(aws ec2 describe-subnets --filters Name=default-for-az,Values=true --query 'length(Subnets)')/" answers.yaml
