import { serviceModel } from '#aws/wire/model.ts'
import { KINDS } from '#kubernetes/apiserver/kinds/table.ts'
import { awsServices } from './services.ts'

/** What the simulation covers, in Markdown, read from the code itself: AWS operations by service, Kubernetes resources by group. */
export async function coverage(): Promise<string> {
  return [
    '### AWS operations',
    '',
    ...(await awsTable()),
    '',
    '### Kubernetes resources',
    '',
    ...kubernetesTable(),
    '',
  ].join('\n')
}

async function awsTable(): Promise<string[]> {
  const unread = () => {
    throw new Error('no images are read to list operations')
  }
  const services = awsServices({ catalog: unread, publicCatalog: unread, checkUpstream: unread })
  const rows = services.map(async (service) => {
    const { operations } = await serviceModel(service)
    const done = Object.keys(service.handlers).sort()
    return `| ${service.name} | ${done.length} of ${operations.size} | ${done.join(', ') || 'none'} |`
  })
  return [
    '| service | simulated | operations; every other one is parsed and checked, then refused by name |',
    '| --- | --- | --- |',
    ...(await Promise.all(rows)),
  ]
}

function kubernetesTable(): string[] {
  const groups = Map.groupBy(
    KINDS.filter(({ storedAs }) => !storedAs),
    ({ group, version }) => `${group || 'core'}/${version}`,
  )
  const rows = [...groups].map(
    ([group, kinds]) => `| ${group} | ${kinds.map(({ plural }) => plural).join(', ')} |`,
  )
  return ['| group | resources served |', '| --- | --- |', ...rows]
}
