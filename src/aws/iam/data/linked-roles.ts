/** A service that keeps a role of its own in accounts. */
export interface LinkedService {
  role: string
  policy: string
  description: string
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html (read 2026-11-21). */
export const LINKED_SERVICES: Record<string, LinkedService> = {
  'eks.amazonaws.com': {
    role: 'AWSServiceRoleForAmazonEKS',
    policy: 'AmazonEKSServiceRolePolicy',
    description: 'Allows Amazon EKS to call AWS services on your behalf.',
  },
  'eks-nodegroup.amazonaws.com': {
    role: 'AWSServiceRoleForAmazonEKSNodegroup',
    policy: 'AWSServiceRoleForAmazonEKSNodegroup',
    description: 'This policy allows Amazon EKS to create and manage Nodegroups',
  },
  'eks-fargate.amazonaws.com': {
    role: 'AWSServiceRoleForAmazonEKSForFargate',
    policy: 'AmazonEKSForFargateServiceRolePolicy',
    description: 'This policy grants necessary permissions to Amazon EKS to run fargate tasks',
  },
  'autoscaling.amazonaws.com': {
    role: 'AWSServiceRoleForAutoScaling',
    policy: 'AutoScalingServiceRolePolicy',
    description:
      'Default Service-Linked Role enables access to AWS Services and Resources used or managed by Auto Scaling',
  },
  'elasticloadbalancing.amazonaws.com': {
    role: 'AWSServiceRoleForElasticLoadBalancing',
    policy: 'AWSElasticLoadBalancingServiceRolePolicy',
    description: 'Allows ELB to call AWS services on your behalf.',
  },
  'ecs.amazonaws.com': {
    role: 'AWSServiceRoleForECS',
    policy: 'AmazonECSServiceRolePolicy',
    description: 'Role to enable Amazon ECS to manage your cluster.',
  },
  'ecs.application-autoscaling.amazonaws.com': {
    role: 'AWSServiceRoleForApplicationAutoScaling_ECSService',
    policy: 'AWSApplicationAutoscalingECSServicePolicy',
    description: 'Permission policy for Application Auto Scaling to access ECS and CloudWatch.',
  },
  'elasticfilesystem.amazonaws.com': {
    role: 'AWSServiceRoleForAmazonElasticFileSystem',
    policy: 'AmazonElasticFileSystemServiceRolePolicy',
    description: 'Allows Amazon EFS to access AWS services and resources on your behalf.',
  },
  'spot.amazonaws.com': {
    role: 'AWSServiceRoleForEC2Spot',
    policy: 'AWSEC2SpotServiceRolePolicy',
    description: 'Default EC2 Spot Service Linked Role',
  },
  'replication.ecr.amazonaws.com': {
    role: 'AWSServiceRoleForECRReplication',
    policy: 'ECRReplicationServiceRolePolicy',
    description: 'Allows Amazon ECR to replicate images.',
  },
}
