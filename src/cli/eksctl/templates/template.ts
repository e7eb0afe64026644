/** A CloudFormation template as eksctl writes it. */
export interface Template {
  AWSTemplateFormatVersion: '2010-09-09'
  Description: string
  Resources: Record<string, Resource>
  Outputs?: Record<string, { Value: unknown; Export?: { Name: unknown } }>
}

export interface Resource {
  Type: string
  Properties?: Record<string, unknown>
  DependsOn?: string[]
}

export const ref = (name: string) => ({ Ref: name })
export const attribute = (name: string, of: string) => ({ 'Fn::GetAtt': [name, of] })
const join = (delimiter: string, ...parts: unknown[]) => ({ 'Fn::Join': [delimiter, parts] })

export const nameTag = (logicalId: string) => ({
  Key: 'Name',
  Value: join('/', ref('AWS::StackName'), logicalId),
})

/** An output that other stacks find as `<stack>::<name>`. */
export const exported = (name: string, value: unknown) => ({
  Value: value,
  Export: { Name: join('::', ref('AWS::StackName'), name) },
})

/** A role that a service takes on, with policies of AWS's. */
export function serviceRole(service: string, policies: string[], logicalId: string): Resource {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: [service] },
            Action: ['sts:AssumeRole', 'sts:TagSession'],
          },
        ],
      },
      ManagedPolicyArns: policies.map((policy) =>
        join(':', 'arn', ref('AWS::Partition'), `iam::aws:policy/${policy}`),
      ),
      Tags: [nameTag(logicalId)],
    },
  }
}
