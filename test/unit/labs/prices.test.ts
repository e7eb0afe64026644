import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { instancePrice, PRICES } from '#aws/pricing/data/prices.ts'

/** What the meter of a world takes for what lessons tell the price of. */
const METERED: Record<string, number> = {
  'eks.cluster': PRICES['eks.cluster'].usd,
  // AWS bills extended support beside the cluster; the lesson tells the sum.
  'eks.extended': PRICES['eks.cluster'].usd + PRICES['eks.extended-support'].usd,
  'ec2.t3.medium': instancePrice('t3.medium')!.usd,
  'ec2.m5.large': instancePrice('m5.large')!.usd,
  'ec2.ipv4': PRICES['public-ipv4'].usd,
  'vpc.nat': PRICES['nat-gateway'].usd,
  'ebs.gp3.20': 20 * PRICES['ebs.gp3'].usd,
  'elb.alb': PRICES['elb.application'].usd,
  'fargate.vcpu': PRICES['fargate.vcpu'].usd,
  'fargate.gb': PRICES['fargate.memory'].usd,
  'ecr.storage': PRICES['ecr.storage'].usd,
}

it('tells the same prices in lessons as the meter and the price list', async () => {
  const file = join(import.meta.dirname, '../../../content/prices.yaml')
  const told = parse(await readFile(file, 'utf8')) as { id: string; usd: number }[]
  for (const { id, usd } of told) if (id in METERED) expect(usd, id).toBeCloseTo(METERED[id]!, 6)
  expect(told.map(({ id }) => id)).toEqual(expect.arrayContaining(Object.keys(METERED)))
})
