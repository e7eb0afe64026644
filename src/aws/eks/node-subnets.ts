import { internetPath, type Scope, tables } from '../ec2/index.ts'

/** Subnets that lead straight to the internet but give instances no public address: machines there cannot reach EKS. */
export function subnetsWithoutPublicAddress(scope: Scope, ids: string[]): string[] {
  return ids
    .flatMap((id) => tables.subnets.find(scope, id) ?? [])
    .filter((subnet) => !subnet.mapPublicIp && internetPath(scope, subnet) === 'internet-gateway')
    .map(({ id }) => id)
}
