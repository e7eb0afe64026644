import { describe, expect, it } from 'vitest'
import { type OperationModel, serviceModel } from '#aws/wire/model.ts'
import type { Shape } from '#aws/wire/shape.ts'
import { CATALOGUE } from '#cloud/console/catalogue/index.ts'
import { cliCommand } from '#cloud/console/command.ts'
import { placed } from '#cloud/console/inventory.ts'
import { awsServices } from '#cloud/services.ts'

const unread = () => {
  throw new Error('no images are read')
}
const services = new Map(
  awsServices({ catalog: unread, publicCatalog: unread, checkUpstream: unread }).map((one) => [
    one.name,
    one,
  ]),
)
const types = CATALOGUE.flatMap(placed)

/** The shape at a path of members joined by dots, through lists. */
function shapeAt(shape: Shape, path: string): Shape {
  return path
    .split('.')
    .filter(Boolean)
    .reduce((at, member) => {
      const found = at.kind === 'struct' && at.members.find(({ name }) => name === member)
      if (!found) throw new Error(`no member ${member}`)
      return found.shape.kind === 'list' ? found.shape.member : found.shape
    }, shape)
}

async function operation(api: string, name: string): Promise<OperationModel> {
  const service = services.get(api)!
  if (!service.handlers[name]) throw new Error(`${api} does not simulate ${name}`)
  return (await serviceModel(service)).operations.get(name)!
}

describe('the catalogue of the console', () => {
  it.each(types.map((type) => [type.fullId, type] as const))(
    '%s says what the API gives',
    async (_, type) => {
      const { list, describe, columns, key, identities = [], names = {}, name, tells, show } = type
      let item = shapeAt((await operation(type.api, list.operation)).output, list.path)
      if (describe) item = shapeAt((await operation(type.api, describe.operation)).output, describe.path)
      const paths = [key, ...identities, ...Object.keys(names), ...columns.map(({ path }) => path)]
      for (const path of [...paths, ...[name, tells].flatMap((one) => one ?? [])])
        expect(() => shapeAt(item, path), path).not.toThrow()
      for (const [call, input] of [
        [list, list.inputs?.[0] ?? list.input],
        [describe ?? list, describe?.input],
        [describe ?? list, show],
      ] as const) {
        const { input: shape } = await operation(type.api, call!.operation)
        for (const member of Object.keys(input ?? {}))
          expect(() => shapeAt(shape, member), member).not.toThrow()
      }
      for (const other of [type.parent, ...Object.values(names)])
        if (other) expect(types.map(({ fullId }) => fullId)).toContain(other)
    },
  )
})

describe('the command of the console', () => {
  it('is written as the CLI takes it', () => {
    expect(cliCommand('eks', 'DescribeNodegroup', { clusterName: 'demo', nodegroupName: 'a b' })).toBe(
      "aws eks describe-nodegroup --cluster-name demo --nodegroup-name 'a b'",
    )
    expect(cliCommand('iam', 'ListOpenIDConnectProviders', {})).toBe('aws iam list-open-id-connect-providers')
    expect(
      cliCommand('ssm', 'DescribeParameters', { ParameterFilters: [{ Key: 'Name', Values: ['/a', '/b'] }] }),
    ).toBe('aws ssm describe-parameters --parameter-filters Key=Name,Values=/a,/b')
  })
})
