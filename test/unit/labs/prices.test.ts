import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { priceSchema } from '#site/course/schemas.ts'

it('tells in lessons what the meter takes, and refuses what it does not know', async () => {
  const file = join(import.meta.dirname, '../../../content/prices.yaml')
  const told = (parse(await readFile(file, 'utf8')) as object[]).map((entry) => priceSchema.parse(entry))
  expect(Object.fromEntries(told.map(({ id, usd }) => [id, usd]))).toMatchObject({
    'eks.cluster': 0.1,
    // AWS bills extended support beside the cluster; the lesson tells the sum.
    'eks.extended': 0.6,
    'ec2.t3.medium': 0.0416,
    'ebs.gp3.20': 1.6,
    'ecs.orchestration': 0,
  })
  const entry = { id: 'x', what: 'x', unit: 'hour', source: 'https://aws.amazon.com/' }
  expect(priceSchema.safeParse({ ...entry, of: { 'no.such': 1 } }).success).toBe(false)
  expect(priceSchema.safeParse({ ...entry, of: { 'eks.cluster': 1 }, usd: 0.1 }).success).toBe(false)
})
