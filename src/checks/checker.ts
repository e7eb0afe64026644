import type { KubeConfig } from '@kubernetes/client-node'
import type { HttpAnswer, HttpOptions } from './http.ts'
import type { Registry } from './registry.ts'
import type { WorkspaceFiles } from './workspace-files.ts'

/** One thing that a check looks at. What explains a failure is kept only when there is one. */
export interface Fact {
  /** Stable within the step and named after the problem: `no-cluster`, `cluster-not-active`. */
  id: string
  /** The good state in a few words: "The cluster is ACTIVE". */
  title: string
  expected?: string
  /** What is there instead when it does not hold. */
  observed?: string
  /** What is there when it holds, if worth saying: "2 nodes, both Ready". */
  seen?: string
  /** A command that shows the observed state. */
  evidence?: string
  cause?: string
  hint?: string
  /** Path of the lesson that explains it. */
  lesson?: string
}

/** A class of an AWS SDK client: `EKSClient`. */
export type AwsClientClass<Client> = new (configuration: Record<string, unknown>) => Client

/** What a check works with: the target's public clients, the learner's files, and the report that it writes. */
export interface CheckContext {
  /** A client of the AWS SDK for the target's account and region. */
  aws<Client>(client: AwsClientClass<Client>): Client
  /** The region that the target's clients ask. */
  region(): Promise<string>
  /** Access to a cluster: of that name on EKS, or the kubeconfig's when that is the target. */
  kubernetes(cluster: string): Promise<KubeConfig>
  /** Access to a self-managed cluster by a context of the learner's kubeconfig: `kind-kind`; the kubeconfig's when that is the target. */
  selfManaged(context: string): Promise<KubeConfig>
  /**
   * The registry API of a host: of `<account>.dkr.ecr.<region>.amazonaws.com` with the target's credentials, of another as the
   * learner's `docker login` left them, of Docker Hub (`registry-1.docker.io`) too.
   */
  registry(host: string): Registry
  /** What the learner's Docker Engine answers a GET of its API (`/containers/web/json`); undefined when there is no such thing. */
  docker<Answer>(path: string): Promise<Answer | undefined>
  /** One HTTP request as `curl` would make it. A connection that fails is an answer too, not an exception. */
  http(url: string, options?: HttpOptions): Promise<HttpAnswer>
  /** The learner's home folder. */
  readonly files: WorkspaceFiles
  /** Records a fact. When it does not hold, the step ends here: later facts would only follow from this one. */
  expect(holds: boolean, fact: Fact): void
  /** As `expect`, for a value that must be there; gives it back. */
  found<Value>(value: Value | undefined | null, fact: Fact): Value
}

/** Verifies one step. Returns when all is well; an exception of a client is reported as an error of the check. */
export type StepCheck = (t: CheckContext) => Promise<void>

/** All checks of a lab. */
export interface Checker {
  lab: string
  steps: Record<string, StepCheck>
}

/** Declares a lab's checks: the default export of `checkers/<lab>.ts`. */
export function defineChecker(checker: Checker): Checker {
  return checker
}

/**
 * The answer of a call, or undefined when the service says by one of these names that the thing does not exist:
 * an AWS error name (`ResourceNotFoundException`), or `NotFound` for any Kubernetes 404.
 */
export async function unlessMissing<Answer>(
  call: Promise<Answer>,
  ...names: string[]
): Promise<Answer | undefined> {
  try {
    return await call
  } catch (error) {
    const { name, code } = error as { name?: string; code?: unknown }
    if (names.includes(name ?? '') || (code === 404 && names.includes('NotFound'))) return undefined
    throw error
  }
}
