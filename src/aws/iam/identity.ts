import type { World } from '#world/world.ts'
import type { Conditions, Decision, Identity, SigningKey } from '../wire/identity.ts'
import type { Principal } from '../wire/service.ts'
import { Entities } from './entities.ts'
import { managedPolicy } from './managed.ts'
import { evaluate, type PolicySet, type ResourcePolicy } from './policy/evaluate.ts'
import type { RoleRecord, UserRecord } from './records.ts'
import { sealedDenial } from './sealed-denial.ts'
import { openSession, sessionSecret } from './session.ts'

/** An action on a resource by somebody, with what the request brings. */
export interface Question {
  principal: Principal
  /** `ecr:BatchGetImage` */
  action: string
  /** An ARN or `*`. */
  resource: string
  /** As a function, they are made when a policy first asks for one. */
  conditions?: Conditions | (() => Conditions)
  /** Policy of the resource itself: a repository's, a role's trust policy. */
  resourcePolicy?: ResourcePolicy
  /** Identity-based policies that the principal does not have, in a simulation. */
  further?: string[]
}

/** Whether a principal may do something now, by all policies of the world. Needs no request. */
export function decide(world: World, question: Question): Decision {
  const { principal, action, resource, conditions = {}, resourcePolicy, further = [] } = question
  const own = policiesOf(world, principal)
  const set: PolicySet = { ...own, identity: [...own.identity, ...further], resource: resourcePolicy }
  const all = () => ({
    ...principalTags(world, principal),
    ...(typeof conditions === 'function' ? conditions() : conditions),
  })
  return evaluate(principal, action, resource, all, set)
}

/** The principal of a role's session, as services see a role that they or an instance have assumed. */
export function rolePrincipal(world: World, roleArn: string, sessionName: string): Principal | undefined {
  const role = roleByArn(world, roleArn)
  if (!role) return undefined
  const accountId = roleArn.split(':')[4]!
  return {
    arn: `arn:aws:sts::${accountId}:assumed-role/${role.name}/${sessionName}`,
    accountId,
    userId: `${role.id}:${sessionName}`,
    type: 'assumed-role',
    roleArn: role.arn,
  }
}

/** The ARN of the role in an instance profile, by the profile's ARN. */
export function roleOfProfile(
  { world, accountId }: { world: World; accountId: string },
  profileArn: string | undefined,
): string | undefined {
  const entities = new Entities(world, accountId)
  const profile = entities.get('instance-profile', profileArn?.split('/').at(-1) ?? '')
  return profile && entities.get('role', profile.roles[0] ?? '')?.arn
}

/** Whether a role may do `action` on `resource`; a role that does not exist may nothing. */
export function roleMay(world: World, roleArn: string, action: string, resource: string): Decision {
  const principal = rolePrincipal(world, roleArn, 'service')
  if (!principal) return { allowed: false, reason: `because the role ${roleArn} does not exist` }
  return decide(world, { principal, action, resource })
}

/** The role of an ARN (`arn:aws:iam::…:role/path/name`), if it exists. */
export function roleByArn(world: World, arn: string): RoleRecord | undefined {
  const match = /^arn:aws:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn)
  const role = match && new Entities(world, match[1]!).get('role', match[2]!)
  return role?.arn === arn ? role : undefined
}

/** IAM as the wire asks it: whose key signed, and who may do what. */
export function iamIdentity(world: World, accountId: string): Identity {
  return {
    signingKey: (accessKeyId, token) =>
      token === undefined ? userKey(world, accessKeyId) : sessionKey(world, accessKeyId, token),
    administrator: () => userPrincipal(new Entities(world, accountId), 'admin') ?? rootPrincipal(accountId),
    decide: (question) => decide(world, question),
    sealedDenial: (details) => sealedDenial(world, details),
  }
}

/** The root user of an account. */
export function rootPrincipal(accountId: string): Principal {
  return { arn: `arn:aws:iam::${accountId}:root`, accountId, userId: accountId, type: 'root' }
}

function userPrincipal(entities: Entities, name: string): Principal | undefined {
  const user = entities.get('user', name)
  return user && { arn: user.arn, accountId: entities.accountId, userId: user.id, type: 'user' }
}

function userKey(world: World, accessKeyId: string): SigningKey | 'unknown' {
  const key = new Entities(world, '').accessKey(accessKeyId)
  if (!key?.active) return 'unknown'
  const principal =
    key.userName === undefined
      ? rootPrincipal(key.accountId)
      : userPrincipal(new Entities(world, key.accountId), key.userName)
  return principal ? { secretAccessKey: key.secret, principal: { ...principal, accessKeyId } } : 'unknown'
}

function sessionKey(world: World, accessKeyId: string, token: string): SigningKey | 'unknown' | 'expired' {
  const session = openSession(world, token)
  if (session?.keyId !== accessKeyId) return 'unknown'
  if (session.expires <= world.clock.now()) return 'expired'
  if (!stillExists(world, session.principal)) return 'unknown'
  return { secretAccessKey: sessionSecret(world, accessKeyId), principal: session.principal }
}

/** Sessions end with their user or role; one made anew under the same name has another id. */
function stillExists(world: World, principal: Principal): boolean {
  const holder = holderOf(world, principal)
  return principal.type === 'root' || holder?.id === principal.userId.split(':')[0]
}

function holderOf(world: World, principal: Principal): UserRecord | RoleRecord | undefined {
  if (principal.type === 'user')
    return new Entities(world, principal.accountId).get('user', principal.arn.split('/').at(-1)!)
  return principal.roleArn === undefined ? undefined : roleByArn(world, principal.roleArn)
}

function policiesOf(world: World, principal: Principal): PolicySet {
  const session = principal.sessionPolicies
  const entities = new Entities(world, principal.accountId)
  const holder = holderOf(world, principal)
  if (!holder) return { identity: [], session }
  const boundary = holder.boundary === undefined ? undefined : documentOf(entities, holder.boundary)
  return { identity: policiesHeld(entities, holder).map(({ document }) => document), boundary, session }
}

/** The identity-based policies of a user or role, those of a user's groups included. */
export const identityPolicies = (
  world: World,
  principal: Principal,
): { name: string; document: string }[] => {
  const holder = holderOf(world, principal)
  return holder ? policiesHeld(new Entities(world, principal.accountId), holder) : []
}

function policiesHeld(entities: Entities, holder: UserRecord | RoleRecord) {
  const groups = 'groups' in holder ? holder.groups.map((name) => entities.get('group', name)) : []
  return [holder, ...groups].flatMap((one) => {
    const inline = Object.entries(one?.inline ?? {}).map(([name, document]) => ({ name, document }))
    const attached = (one?.attached ?? []).flatMap((arn) => {
      const document = documentOf(entities, arn)
      return document === undefined ? [] : [{ name: arn.split('/').at(-1)!, document }]
    })
    return [...inline, ...attached]
  })
}

/** The default version's text of a managed policy, the account's or AWS's. */
export function documentOf(entities: Entities, arn: string): string | undefined {
  const policy = managedPolicy(arn) ?? entities.get('policy', arn.split('/').at(-1)!)
  return policy?.versions.find(({ id }) => id === policy.defaultVersion)?.document
}

function principalTags(world: World, principal: Principal): Record<string, string> {
  const tags = holderOf(world, principal)?.tags ?? []
  return Object.fromEntries(tags.map(({ Key, Value }) => [`aws:PrincipalTag/${Key}`, Value]))
}
