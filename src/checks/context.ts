import type { CheckContext, Fact } from './checker.ts'
import type { Finding } from './finding.ts'
import type { TargetClients } from './target-clients.ts'
import type { WorkspaceFiles } from './workspace-files.ts'

/** Ends a step after its first failed finding. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed'
}

/** The context of one run: the target's clients and files, with every fact handed to `record` as a finding. */
export function checkContext(
  clients: TargetClients,
  files: WorkspaceFiles,
  record: (finding: Finding) => void,
): CheckContext {
  const settle = (holds: boolean, fact: Fact) => {
    record(asFinding(holds, fact))
    if (!holds) throw new StepFailed(fact.title)
  }
  return {
    aws: (client) => clients.aws(client),
    region: () => clients.region(),
    kubernetes: (cluster) => clients.kubernetes(cluster),
    selfManaged: (context) => clients.selfManaged(context),
    docker: (path) => clients.docker(path),
    registry: (host) => clients.registry(host),
    http: (url, options) => clients.http(url, options),
    files,
    expect: settle,
    found(value, fact) {
      settle(value !== undefined && value !== null, fact)
      return value!
    },
  }
}

function asFinding(holds: boolean, { id, title, seen, ...explanation }: Fact): Finding {
  if (!holds) return { id, status: 'failed', title, ...explanation }
  return { id, status: 'passed', title, ...(seen !== undefined && { observed: seen }) }
}
