// What AWS CDK apps come to: templates synthesized by aws-cdk-lib 2.276 (support/cdk), deployed with the AWS CLI as `cdk deploy` does it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { LabShell } from '../support/lab-shell.ts'

const templates = fileURLToPath(new URL('../support/cdk', import.meta.url))
/** `cdk deploy` makes a change set, executes it, and asks for the stack until it has settled. */
const FUNCTIONS = `
settled() { until ! aws cloudformation describe-stacks --stack-name $1 --query 'Stacks[0].StackStatus' --output text 2>&1 | grep IN_PROGRESS >/dev/null; do sleep 0.3; done; }
failures() { aws cloudformation describe-stack-events --stack-name $1 --query "StackEvents[?ends_with(ResourceStatus, '_FAILED')].[LogicalResourceId,ResourceStatusReason]" --output text; }
deploy() {
  aws cloudformation delete-change-set --stack-name $1 --change-set-name cdk-deploy-change-set 2>/dev/null || true
  aws cloudformation create-change-set --stack-name $1 --change-set-name cdk-deploy-change-set --change-set-type $2 --template-body file://$3 --capabilities CAPABILITY_IAM CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND >/dev/null
  [ $2 = CREATE ] || aws cloudformation describe-change-set --stack-name $1 --change-set-name cdk-deploy-change-set --query 'Changes[].ResourceChange.[Action,LogicalResourceId,Replacement]' --output text
  aws cloudformation execute-change-set --stack-name $1 --change-set-name cdk-deploy-change-set
  settled $1; failures $1; aws cloudformation describe-stacks --stack-name $1 --query 'Stacks[0].StackStatus' --output text
}
output() { aws cloudformation describe-stacks --stack-name $1 --query "Stacks[0].Outputs[?starts_with(OutputKey, '$2')].OutputValue" --output text; }
`
let directory: string
let cloud: OwnedCloud
let shell: LabShell

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-cdk-'))
  cloud = await startCloud({ directory })
  shell = await LabShell.open(await cloud.createWorld({ id: 'cdk', provisioning: 'instant' }))
}, 120_000)
afterAll(async () => {
  await shell?.close()
  await cloud?.stop()
  await rm(directory, { recursive: true, force: true })
})

const ok = (script: string) => shell.ok(FUNCTIONS + script)
/** Gives the failures, and how the stack has ended. */
const create = (stack: string) => ok(`deploy ${stack} CREATE ${templates}/${stack}.template.json`)
const remove = (stack: string) =>
  ok(`aws cloudformation delete-stack --stack-name ${stack}; settled ${stack}; aws cloudformation list-stacks \
    --query "StackSummaries[?StackName=='${stack}'].StackStatus" --output text`)

describe('stacks of the AWS CDK', { timeout: 120_000 }, () => {
  it('brings up a load-balanced Fargate service with its network, names, secret and scaling', async () => {
    expect(await create('Web')).toBe('CREATE_COMPLETE')
    expect(await ok('curl -s $(output Web WebServiceURL) | grep title')).toContain('Welcome to nginx!')
    expect(
      await ok(
        "aws application-autoscaling describe-scheduled-actions --service-namespace ecs --query 'ScheduledActions[].[ScheduledActionName,Schedule]' --output text",
      ),
    ).toBe('Night\tcron(0 20 * * ? *)')
    expect(
      await ok(
        "aws servicediscovery discover-instances --namespace-name shop.local --service-name web --query 'length(Instances)'",
      ),
    ).toBe('2')
  })

  it('changes what a new template changes, told by the change set', async () => {
    const changed = await ok(`
      sed 's/"DesiredCount": 2/"DesiredCount": 3/; s/"Value": "test"/"Value": "live"/; s/"cron(0 20/"cron(0 22/' ${templates}/Web.template.json > web2.json
      deploy Web UPDATE web2.json`)
    expect(changed.split('\n').sort()).toEqual(
      [
        'Modify\tWebServiceD04B5F3E\tFalse',
        'Modify\tWebServiceTaskCountTargetF7BAB0BC\tFalse',
        'Modify\tWebTaskDef1C8E6ED7\tTrue',
        'UPDATE_COMPLETE',
      ].sort(),
    )
    expect(
      await ok(
        "aws application-autoscaling describe-scheduled-actions --service-namespace ecs --query 'ScheduledActions[].Schedule' --output text",
      ),
    ).toBe('cron(0 22 * * ? *)')
    expect(await remove('Web')).toBe('DELETE_COMPLETE')
  })

  it('brings up ECS on an Auto Scaling group, with shared files and a network load balancer', async () => {
    expect(await create('Machines')).toBe('CREATE_COMPLETE')
    expect(
      await ok(`
        aws efs describe-file-systems --query 'FileSystems[].[Name,NumberOfMountTargets]' --output text
        aws efs describe-lifecycle-configuration --file-system-id $(aws efs describe-file-systems --query 'FileSystems[0].FileSystemId' --output text) --query 'LifecyclePolicies[].TransitionToIA' --output text
        group=$(aws autoscaling describe-auto-scaling-groups --query "AutoScalingGroups[0].AutoScalingGroupName" --output text)
        aws autoscaling describe-lifecycle-hooks --auto-scaling-group-name $group --query 'LifecycleHooks[].HeartbeatTimeout' --output text
        aws autoscaling describe-scheduled-actions --auto-scaling-group-name $group --query 'ScheduledUpdateGroupActions[].Recurrence' --output text`),
    ).toBe('Machines/Files\t2\nAFTER_14_DAYS\n30\n0 7 * * *')
    expect(await remove('Machines')).toBe('DELETE_COMPLETE')
  })

  it('brings up an EKS cluster with nodes, Fargate, add-ons, access and an encryption key', async () => {
    expect(await create('Kube')).toBe('CREATE_COMPLETE')
    expect(
      await ok(`
        aws eks update-kubeconfig --name kube >/dev/null
        kubectl get nodes -l tier=app -o name | wc -l
        aws eks list-addons --cluster-name kube --query 'addons' --output text`),
    ).toBe('2\ncoredns\teks-pod-identity-agent\tkube-proxy\tvpc-cni')
    expect(await remove('Kube')).toBe('DELETE_COMPLETE')
  })

  it('brings up registries, keys, people, logs, alarms and an instance with its disk and address', async () => {
    expect(await create('Beside')).toBe('CREATE_COMPLETE')
    expect(
      await ok(`
        aws ecr list-tags-for-resource --resource-arn $(aws ecr describe-repositories --repository-names shop/web --query 'repositories[0].repositoryArn' --output text) --query "tags[?Key=='aws:cloudformation:stack-name'].Value" --output text
        aws logs describe-metric-filters --query 'metricFilters[].filterPattern' --output text
        aws cloudwatch list-dashboards --query 'length(DashboardEntries)'
        aws ec2 describe-volumes --query "Volumes[].Attachments[?Device=='/dev/sdf'].State" --output text
        aws ec2 describe-addresses --query 'length(Addresses[?InstanceId!=null])'`),
    ).toBe('Beside\nERROR\n1\nattached\n1')
    expect(await remove('Beside')).toBe('DELETE_COMPLETE')
  })

  it('refuses what the simulation has not, before anything is made', async () => {
    const refused = await shell.run(
      `aws cloudformation create-change-set --stack-name Elsewhere --change-set-name cdk --change-set-type CREATE --template-body file://${templates}/Elsewhere.template.json --capabilities CAPABILITY_IAM`,
    )
    expect(refused.stderr).toContain(
      'Drydock does not simulate these resource types in CloudFormation: [AWS::Lambda::Function].',
    )
    expect(
      await ok('aws cloudformation list-stacks --query "StackSummaries[?StackName==\'Elsewhere\']"'),
    ).toBe('[]')
  })
})
