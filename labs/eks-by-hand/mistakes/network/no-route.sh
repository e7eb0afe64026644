# finding: public-without-route
# from: after
aws ec2 delete-route --route-table-id $(aws ec2 describe-route-tables --filters Name=tag:Name,Values=harbor-public --query 'RouteTables[0].RouteTableId' --output text) --destination-cidr-block 0.0.0.0/0
