import { CreateAccountAliasCommand, IAMClient, ListAccountAliasesCommand } from '@aws-sdk/client-iam'
import { simulatedTarget } from '#checks/target.ts'
import { TargetClients } from '#checks/target-clients.ts'
import type { WorldInfo } from '#cloud/api.ts'
import type { Lab } from '../lab.ts'

/** Gives a learner's new account what the company's accounts have. */
export async function furnishAccount(world: WorldInfo, account: Lab['account']): Promise<void> {
  if (account?.alias === undefined) return
  const clients = new TargetClients(simulatedTarget(world))
  try {
    const iam = clients.aws(IAMClient)
    // An account has one alias at most.
    const { AccountAliases = [] } = await iam.send(new ListAccountAliasesCommand({}))
    if (!AccountAliases.includes(account.alias))
      await iam.send(new CreateAccountAliasCommand({ AccountAlias: account.alias }))
  } finally {
    clients.close()
  }
}
