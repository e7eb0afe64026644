# The same network as a template.
cat > network.yaml <<'END_OF_TEMPLATE'
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: { CidrBlock: 10.20.0.0/16, EnableDnsSupport: true, EnableDnsHostnames: true, Tags: [{ Key: Name, Value: harbor }] }
  Gateway: { Type: AWS::EC2::InternetGateway }
  Attached: { Type: AWS::EC2::VPCGatewayAttachment, Properties: { VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway } }
  PublicA:
    Type: AWS::EC2::Subnet
    Properties: { VpcId: !Ref Vpc, CidrBlock: 10.20.0.0/24, AvailabilityZone: us-east-1a, Tags: [{ Key: kubernetes.io/role/elb, Value: '1' }] }
  PublicB:
    Type: AWS::EC2::Subnet
    Properties: { VpcId: !Ref Vpc, CidrBlock: 10.20.1.0/24, AvailabilityZone: us-east-1b, Tags: [{ Key: kubernetes.io/role/elb, Value: '1' }] }
  PrivateA:
    Type: AWS::EC2::Subnet
    Properties: { VpcId: !Ref Vpc, CidrBlock: 10.20.16.0/20, AvailabilityZone: us-east-1a, Tags: [{ Key: kubernetes.io/role/internal-elb, Value: '1' }] }
  PrivateB:
    Type: AWS::EC2::Subnet
    Properties: { VpcId: !Ref Vpc, CidrBlock: 10.20.32.0/20, AvailabilityZone: us-east-1b, Tags: [{ Key: kubernetes.io/role/internal-elb, Value: '1' }] }
  Table: { Type: AWS::EC2::RouteTable, Properties: { VpcId: !Ref Vpc } }
  Out: { Type: AWS::EC2::Route, DependsOn: Attached, Properties: { RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway } }
  OfA: { Type: AWS::EC2::SubnetRouteTableAssociation, Properties: { RouteTableId: !Ref Table, SubnetId: !Ref PublicA } }
  OfB: { Type: AWS::EC2::SubnetRouteTableAssociation, Properties: { RouteTableId: !Ref Table, SubnetId: !Ref PublicB } }
END_OF_TEMPLATE
aws cloudformation deploy --stack-name network --template-file network.yaml
