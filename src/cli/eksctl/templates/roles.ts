import { attribute, exported, serviceRole, type Template } from './template.ts'

/** The stack of the role that runs Fargate pods. */
export function fargateTemplate(): Template {
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'Fargate IAM [created and managed by eksctl]',
    Resources: {
      FargatePodExecutionRole: serviceRole(
        'eks-fargate-pods.amazonaws.com',
        ['AmazonEKSFargatePodExecutionRolePolicy'],
        'FargatePodExecutionRole',
      ),
    },
    Outputs: {
      FargatePodExecutionRoleARN: exported(
        'FargatePodExecutionRoleARN',
        attribute('FargatePodExecutionRole', 'Arn'),
      ),
    },
  }
}

export interface ServiceAccountRole {
  providerArn: string
  /** Without `https://`. */
  issuer: string
  namespace: string
  name: string
  policyArns: string[]
  roleName?: string
}

/** The stack of a role for a Kubernetes service account (IRSA). */
export function serviceAccountTemplate(account: ServiceAccountRole): Template {
  const { providerArn, issuer, namespace, name, policyArns, roleName } = account
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `IAM role for serviceaccount "${namespace}/${name}" [created and managed by eksctl]`,
    Resources: {
      Role1: {
        Type: 'AWS::IAM::Role',
        Properties: {
          ...(roleName === undefined ? {} : { RoleName: roleName }),
          AssumeRolePolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Action: ['sts:AssumeRoleWithWebIdentity'],
                Effect: 'Allow',
                Principal: { Federated: providerArn },
                Condition: {
                  StringEquals: {
                    [`${issuer}:aud`]: 'sts.amazonaws.com',
                    [`${issuer}:sub`]: `system:serviceaccount:${namespace}:${name}`,
                  },
                },
              },
            ],
          },
          ManagedPolicyArns: policyArns,
        },
      },
    },
    Outputs: { Role1: { Value: attribute('Role1', 'Arn') } },
  }
}
