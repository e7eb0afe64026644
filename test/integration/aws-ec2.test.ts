import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kmsService } from '../../src/aws/kms/index.ts'
import { startAws } from '../support/aws.ts'

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, https://docs.aws.amazon.com/ebs/latest/userguide/,
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html, https://docs.aws.amazon.com/vpc/latest/privatelink/
let account: Awaited<ReturnType<typeof startAws>>
/** `aws ec2 …`, words apart by spaces: what it prints as JSON, or its error. */
const ec2 = async (command: string) => {
  const words = command.match(/'[^']*'|\S+/g)!.map((word) => word.replace(/^'|'$/g, ''))
  const { stdout, error } = await account.cli(['ec2', ...words, '--output', 'json'])
  return error || (stdout ? JSON.parse(stdout) : '')
}
const text = async (command: string, query: string) => ec2(`${command} --query '${query}'`)
const failed = (code: string, operation: string, message: string) =>
  `An error occurred (${code}) when calling the ${operation} operation: ${message}`

beforeAll(async () => {
  account = await startAws({ services: [kmsService] })
})
afterAll(() => account.close())

// Source: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
describe('a client token', () => {
  it('makes a request again the same one, and none that says something else', async () => {
    const create = (size: number, token: string) =>
      ec2(
        `create-volume --availability-zone us-east-1a --volume-type gp3 --size ${size} --client-token ${token}`,
      )
    const first = await create(4, 'once')
    expect(await create(4, 'once')).toEqual(first)
    expect(await create(5, 'once')).toContain(
      failed(
        'IdempotentParameterMismatch',
        'CreateVolume',
        'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
      ),
    )
    expect((await create(4, 'twice')).VolumeId).not.toBe(first.VolumeId)
    expect(await text('describe-volumes --filters Name=size,Values=4', 'length(Volumes)')).toBe(2)
  })
})

describe('volumes', () => {
  it('are made, attached, grown, copied to a snapshot and deleted by their rules', async () => {
    const zone = '--availability-zone us-east-1a'
    expect(await ec2(`create-volume ${zone} --volume-type io2 --size 10`)).toContain(
      failed(
        'InvalidParameterValue',
        'CreateVolume',
        'The parameter iops must be specified for io2 volumes.',
      ),
    )
    const made = await ec2(`create-volume ${zone} --volume-type gp3 --size 10 --encrypted`)
    expect(made).toMatchObject({ State: 'creating', Iops: 3000, Throughput: 125, Encrypted: true })
    expect(made.KmsKeyId).toMatch(/^arn:aws:kms:us-east-1:\d{12}:key\//)
    const id = made.VolumeId as string
    expect(await ec2(`wait volume-available --volume-ids ${id}`)).toBe('')
    const image = await text('describe-images --owners amazon', 'Images[0].ImageId')
    const subnet = (zoneName: string) =>
      text(`describe-subnets --filters Name=availability-zone,Values=${zoneName}`, 'Subnets[0].SubnetId')
    const run = async (zoneName: string) =>
      text(
        `run-instances --image-id ${image} --instance-type t3.micro --subnet-id ${await subnet(zoneName)}`,
        'Instances[0].InstanceId',
      )
    const [here, there] = [await run('us-east-1a'), await run('us-east-1b')]
    await ec2(`wait instance-running --instance-ids ${here} ${there}`)
    const attach = (instance: string) =>
      ec2(`attach-volume --volume-id ${id} --device /dev/sdf --instance-id ${instance}`)
    expect(await attach(there)).toContain(
      failed(
        'InvalidVolume.ZoneMismatch',
        'AttachVolume',
        `The volume '${id}' is not in the same availability zone as instance '${there}'`,
      ),
    )
    expect(await attach(here)).toMatchObject({ State: 'attaching', InstanceId: here })
    expect(await ec2(`wait volume-in-use --volume-ids ${id}`)).toBe('')
    expect(await ec2(`delete-volume --volume-id ${id}`)).toContain(
      failed('VolumeInUse', 'DeleteVolume', `Volume ${id} is currently attached to ${here}`),
    )
    const volumes = await text(
      `describe-volumes --filters Name=attachment.instance-id,Values=${here}`,
      'Volumes[].Attachments[].Device',
    )
    expect(volumes.sort()).toEqual(['/dev/sdf', '/dev/xvda'])
    expect((await ec2(`modify-volume --volume-id ${id} --size 20`)).VolumeModification).toMatchObject({
      OriginalSize: 10,
      TargetSize: 20,
    })
    expect(await ec2(`modify-volume --volume-id ${id} --size 30`)).toContain('VolumeModificationRateExceeded')
    const { SnapshotId } = await ec2(`create-snapshot --volume-id ${id} --description backup`)
    expect(await ec2(`wait snapshot-completed --snapshot-ids ${SnapshotId}`)).toBe('')
    const copy = await ec2(`create-volume ${zone} --snapshot-id ${SnapshotId}`)
    expect(copy).toMatchObject({ Size: 20, Encrypted: true, SnapshotId })
    await ec2(`terminate-instances --instance-ids ${here}`)
    await ec2(`wait instance-terminated --instance-ids ${here}`)
    expect(await text(`describe-volumes --volume-ids ${id}`, 'Volumes[].State')).toEqual(['available'])
    expect(await ec2(`delete-volume --volume-id ${id}`)).toBe('')
    expect(await ec2(`describe-volumes --volume-ids ${id}`)).toContain(
      failed('InvalidVolume.NotFound', 'DescribeVolumes', `The volume '${id}' does not exist.`),
    )
  })
})

describe('networks', () => {
  it('have network ACLs whose rules and subnets can be changed', async () => {
    const vpc = await text('create-vpc --cidr-block 10.0.0.0/16', 'Vpc.VpcId')
    const subnet = await text(`create-subnet --vpc-id ${vpc} --cidr-block 10.0.1.0/24`, 'Subnet.SubnetId')
    const acl = await text(`create-network-acl --vpc-id ${vpc}`, 'NetworkAcl.NetworkAclId')
    const rule = `--network-acl-id ${acl} --rule-number 100 --protocol tcp --port-range From=80,To=80 --cidr-block 0.0.0.0/0 --ingress`
    expect(await ec2(`create-network-acl-entry ${rule} --rule-action allow`)).toBe('')
    expect(await ec2(`create-network-acl-entry ${rule} --rule-action allow`)).toContain(
      failed(
        'NetworkAclEntryAlreadyExists',
        'CreateNetworkAclEntry',
        'The network acl entry identified by 100 already exists.',
      ),
    )
    expect(await ec2(`replace-network-acl-entry ${rule} --rule-action deny`)).toBe('')
    const of = (about: string) =>
      text(`describe-network-acls --filters Name=association.subnet-id,Values=${subnet}`, about)
    const [association] = await of('NetworkAcls[].Associations[].NetworkAclAssociationId')
    await ec2(`replace-network-acl-association --association-id ${association} --network-acl-id ${acl}`)
    expect(await of('NetworkAcls[].[NetworkAclId,IsDefault]')).toEqual([[acl, false]])
    expect(await of('NetworkAcls[0].Entries[?!Egress].[RuleNumber,RuleAction]')).toEqual([
      [100, 'deny'],
      [32767, 'deny'],
    ])
    expect(await ec2(`delete-network-acl --network-acl-id ${acl}`)).toContain('DependencyViolation')
  })

  it('have gateway and interface endpoints, and routes that go with them', async () => {
    const vpc = await text('create-vpc --cidr-block 10.1.0.0/16', 'Vpc.VpcId')
    const subnet = await text(`create-subnet --vpc-id ${vpc} --cidr-block 10.1.1.0/24`, 'Subnet.SubnetId')
    const table = await text(
      `describe-route-tables --filters Name=vpc-id,Values=${vpc}`,
      'RouteTables[0].RouteTableId',
    )
    const create = `create-vpc-endpoint --vpc-id ${vpc} --service-name com.amazonaws.us-east-1`
    const gateway = await text(`${create}.s3 --route-table-ids ${table}`, 'VpcEndpoint.VpcEndpointId')
    const routes = await text(
      `describe-route-tables --route-table-ids ${table}`,
      'RouteTables[0].Routes[].[DestinationPrefixListId,GatewayId]',
    )
    const list = await text(
      'describe-prefix-lists --filters Name=prefix-list-name,Values=com.amazonaws.us-east-1.s3',
      'PrefixLists[0].PrefixListId',
    )
    expect(routes).toEqual([
      [null, 'local'],
      [list, gateway],
    ])
    const face = `${create}.ecr.api --vpc-endpoint-type Interface --subnet-ids ${subnet}`
    expect(await ec2(face)).toContain(
      failed(
        'InvalidParameterValue',
        'CreateVpcEndpoint',
        'Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true',
      ),
    )
    await ec2(`modify-vpc-attribute --vpc-id ${vpc} --enable-dns-hostnames`)
    const made = await text(face, 'VpcEndpoint.[State,PrivateDnsEnabled,length(NetworkInterfaceIds)]')
    expect(made).toEqual(['pending', true, 1])
    expect(await ec2(`${create}.nothing`)).toContain(
      failed(
        'InvalidServiceName',
        'CreateVpcEndpoint',
        "The Vpc Endpoint Service 'com.amazonaws.us-east-1.nothing' does not exist",
      ),
    )
    await ec2(`delete-vpc-endpoints --vpc-endpoint-ids ${gateway}`)
    expect(
      await text(`describe-route-tables --route-table-ids ${table}`, 'length(RouteTables[0].Routes)'),
    ).toBe(1)
  })

  it('are peered by request and consent', async () => {
    const vpc = async (block: string) => text(`create-vpc --cidr-block ${block}`, 'Vpc.VpcId')
    const [a, b] = [await vpc('10.2.0.0/16'), await vpc('10.3.0.0/16')]
    const peering = await text(
      `create-vpc-peering-connection --vpc-id ${a} --peer-vpc-id ${b}`,
      'VpcPeeringConnection.VpcPeeringConnectionId',
    )
    expect(await ec2(`wait vpc-peering-connection-exists --vpc-peering-connection-ids ${peering}`)).toBe('')
    await ec2(`accept-vpc-peering-connection --vpc-peering-connection-id ${peering}`)
    expect(await text('describe-vpc-peering-connections', 'VpcPeeringConnections[].Status.Code')).toEqual([
      'active',
    ])
    expect(await ec2('create-network-insights-path --source eni-1 --protocol tcp')).toContain(
      'NotImplemented',
    )
  })
})
