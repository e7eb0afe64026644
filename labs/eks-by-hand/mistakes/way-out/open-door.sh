# finding: private-is-public
# from: after
TABLE=$(aws ec2 describe-route-tables --filters Name=tag:Name,Values=harbor-private --query 'RouteTables[0].RouteTableId' --output text)
aws ec2 replace-route --route-table-id $TABLE --destination-cidr-block 0.0.0.0/0 --gateway-id $(aws ec2 describe-internet-gateways --filters Name=tag:Name,Values=harbor --query 'InternetGateways[0].InternetGatewayId' --output text)
