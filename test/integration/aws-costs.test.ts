import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  CreateNetworkInterfaceCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeImagesCommand,
  DescribeSubnetsCommand,
  EC2Client,
  ModifyVolumeCommand,
  RunInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2'
import { PricingClient, paginateGetProducts } from '@aws-sdk/client-pricing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pricingService } from '../../src/aws/pricing/index.ts'
import { costLedger } from '../../src/cloud/costs/ledger.ts'
import { costReport } from '../../src/cloud/costs/report.ts'
import { startAws } from '../support/aws.ts'

// The price list: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html

let aws: Awaited<ReturnType<typeof startAws>>
beforeAll(async () => {
  aws = await startAws({ services: [pricingService] })
  aws.world.controllers.start(costLedger(aws.world))
})
afterAll(() => aws.close())

const HOUR = 3_600_000

describe('the price list', () => {
  it('tells what AWS sells, what it is found by, and its price', { timeout: 120_000 }, async () => {
    const run = async (line: string) => {
      const { code, stdout, error } = await aws.cli([...line.split(' '), '--output', 'text'])
      return code === 0 ? stdout : error
    }
    expect(await run('pricing describe-services --query Services[].ServiceCode')).toBe(
      'AmazonEC2\tAmazonECR\tAmazonECS\tAmazonEFS\tAmazonEKS\tAmazonVPC\tAWSELB\tawskms\tAWSSecretsManager',
    )
    expect(
      await run(
        "pricing get-attribute-values --service-code AmazonEKS --attribute-name usagetype --query AttributeValues[?!contains(Value,'Auto')].Value",
      ),
    ).toBe('USE1-AmazonEKS-Hours:extendedSupport\tUSE1-AmazonEKS-Hours:perCluster')
    const found = await run(
      'pricing get-products --service-code AmazonEC2 --filters Type=TERM_MATCH,Field=instanceType,Value=m5.large Type=TERM_MATCH,Field=regionCode,Value=us-east-1 --query PriceList[0]',
    )
    const { product, terms } = JSON.parse(found)
    expect(product).toMatchObject({
      productFamily: 'Compute Instance',
      attributes: { instanceType: 'm5.large', vcpu: '2', memory: '8 GiB', operatingSystem: 'Linux' },
    })
    const [term] = Object.values<{ priceDimensions: Record<string, object> }>(terms.OnDemand)
    expect(Object.values(term!.priceDimensions)).toMatchObject([
      { unit: 'Hrs', pricePerUnit: { USD: '0.0960000000' } },
    ])
    expect(await run('pricing get-products --service-code AmazonMars')).toContain(
      '(NotFoundException) when calling the GetProducts operation',
    )
  })

  it('comes in pages', async () => {
    const client = new PricingClient(aws.client())
    const pages = await Array.fromAsync(
      paginateGetProducts({ client, pageSize: 20 }, { ServiceCode: 'AmazonEC2' }),
    )
    expect(pages.length).toBeGreaterThan(2)
    const names = pages
      .flatMap(({ PriceList }) => PriceList!)
      .map((text) => JSON.parse(String(text)).product.sku)
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('the cost meter', () => {
  const costs = async (afterHours = 0) => {
    await aws.world.advance(afterHours * HOUR)
    return costReport(aws.world)
  }

  it('adds up what resources cost from the moment they are there until they go', async () => {
    const ec2 = new EC2Client(aws.client())
    expect(await costs(1)).toMatchObject({ perHour: 0, soFar: 0, resources: [] })
    const zone = { AvailabilityZone: 'us-east-1a' }
    const { VolumeId } = await ec2.send(new CreateVolumeCommand({ ...zone, Size: 730, VolumeType: 'gp2' }))
    // 730 GB at $0.10 a month of 730 hours.
    let report = await costs(10)
    expect(report.perHour).toBeCloseTo(0.1, 9)
    expect(report.soFar).toBeCloseTo(1, 2)
    expect(report.resources).toMatchObject([
      {
        service: 'ec2',
        type: 'volume gp2',
        name: VolumeId,
        charges: [{ unit: 'GB-Mo', quantity: 730, usd: 0.1, source: 'https://aws.amazon.com/ebs/pricing/' }],
      },
    ])
    expect(report.prices).toEqual({ region: 'us-east-1', date: expect.stringMatching(/^2026-/) })
    // Twice the size from now on; what has been stays.
    await ec2.send(new ModifyVolumeCommand({ VolumeId, Size: 1460 }))
    report = await costs(10)
    expect(report.perHour).toBeCloseTo(0.2, 9)
    expect(report.soFar).toBeCloseTo(3, 2)
    await ec2.send(new DeleteVolumeCommand({ VolumeId }))
    report = await costs(10)
    expect(report).toMatchObject({ perHour: 0, resources: [], ended: [{ service: 'ec2' }] })
    expect(report.soFar).toBeCloseTo(3, 2)
  })

  it('bills a machine while it runs, and an address that nobody uses', async () => {
    const ec2 = new EC2Client(aws.client())
    await ec2.send(new AllocateAddressCommand({}))
    const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }))
    const { Instances } = await ec2.send(
      new RunInstancesCommand({
        ImageId: Images![0]!.ImageId,
        InstanceType: 't3.medium',
        MinCount: 1,
        MaxCount: 1,
      }),
    )
    const named = (report: Awaited<ReturnType<typeof costs>>) =>
      Object.fromEntries(report.resources.map(({ type, perHour }) => [type, Number(perHour.toFixed(4))]))
    // The machine with its public address, its root volume of 20 GiB, the idle address.
    expect(named(await costs())).toMatchObject({ 'instance t3.medium': 0.0466, 'Elastic IP address': 0.005 })
    await ec2.send(new StopInstancesCommand({ InstanceIds: [Instances![0]!.InstanceId!] }))
    expect(named(await costs(1))).toMatchObject({ 'instance t3.medium': 0, 'volume gp3': 0.0022 })
  })

  it('bills the public address of an interface that is on no machine, as those of tasks are', async () => {
    const ec2 = new EC2Client(aws.client())
    const addresses = async () =>
      (await costs()).resources.filter(({ type }) => type === 'public address').map(({ perHour }) => perHour)
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}))
    const { NetworkInterface } = await ec2.send(
      new CreateNetworkInterfaceCommand({ SubnetId: Subnets![0]!.SubnetId }),
    )
    expect(await addresses()).toEqual([])
    const { AllocationId } = await ec2.send(new AllocateAddressCommand({}))
    const { NetworkInterfaceId } = NetworkInterface!
    await ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId }))
    expect(await addresses()).toEqual([0.005])
  })
})
