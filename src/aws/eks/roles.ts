import type { Scope } from '../ec2/index.ts'
import { roleByArn } from '../iam/identity.ts'

interface TrustStatement {
  Effect?: string
  Action?: string | string[]
  Principal?: '*' | { Service?: string | string[] }
}

/** Whether a service (`eks.amazonaws.com`) may assume the role; undefined when there is no such role. */
export function roleTrusts(scope: Scope, roleArn: string, service: string): boolean | undefined {
  const role = roleByArn(scope.world, roleArn)
  return role && trusts(role.trustPolicy, service)
}

/** Whether a trust policy (JSON text) lets a service assume the role. */
function trusts(trustPolicy: string, service: string): boolean {
  const document = JSON.parse(trustPolicy) as { Statement?: TrustStatement | TrustStatement[] }
  const concerning = [document.Statement ?? []].flat().filter(({ Action, Principal }) => {
    const assumes = [Action ?? []].flat().some((action) => /^(\*|sts:(\*|AssumeRole))$/i.test(action))
    const services = Principal === '*' ? [service] : [Principal?.Service ?? []].flat()
    return assumes && services.includes(service)
  })
  return concerning.length > 0 && concerning.every(({ Effect }) => Effect === 'Allow')
}
