import type { Principal } from './service.ts'

/** A key that can sign requests. */
export interface SigningKey {
  secretAccessKey: string
  principal: Principal
}

/** Condition keys and their values; keys are matched without regard to case. */
export type Conditions = Record<string, string | string[]>

/** What a request asks for, as IAM decides on it. */
export interface AccessQuestion {
  principal: Principal
  /** `eks:CreateCluster` */
  action: string
  /** An ARN or `*`. */
  resource: string
  /** Made when a policy first asks for one: most have none. */
  conditions: () => Conditions
  /** Policy of the resource itself, with the account that owns it. */
  resourcePolicy?: { document: string; accountId: string; required?: boolean }
}

export interface Decision {
  allowed: boolean
  /** Why not, as AWS ends its message: `no identity-based policy allows the eks:CreateCluster action`; `with an …` for denials. */
  reason?: string
}

/** Why a call of EC2 was refused, for those who may know it: https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html */
export interface DenialDetails {
  explicitDeny: boolean
  principal: { id: string; name: string; arn: string }
  action: string
  resource: string
  conditions: Conditions
}

/** Who may sign and who may do what: IAM as the wire needs it. */
export interface Identity {
  /** `unknown` when there is no such active key or the session token does not belong to it. */
  signingKey(accessKeyId: string, sessionToken: string | undefined): SigningKey | 'unknown' | 'expired'
  /** Whom requests act as when credentials are `open`. */
  administrator(): Principal
  decide(question: AccessQuestion): Decision
  /** Details in a form that STS alone can read. */
  sealedDenial(details: DenialDetails): string
}
