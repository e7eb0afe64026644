# finding: private-without-way-out
# from: after
TABLE=$(aws ec2 describe-route-tables --filters Name=tag:Name,Values=harbor-private --query 'RouteTables[0].Associations[0].RouteTableAssociationId' --output text)
aws ec2 disassociate-route-table --association-id $TABLE
