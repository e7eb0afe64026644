import { StoreIndex } from '#world/store-index.ts'
import type { ControlPlane } from '../controllers/control-plane.ts'
import type { Pod, ServiceAccount } from '../objects.ts'
import { isReady } from '../pods.ts'
import type { BalancerCaller } from './stack.ts'

const NAME = 'aws-load-balancer-controller'
const ROLE = 'eks.amazonaws.com/role-arn'

/** The controller as it runs in the cluster. */
export interface Installation {
  /** `--cluster-name` */
  cluster: string
  caller: BalancerCaller
}

/** Finds the controller that works now. */
export interface Workplace {
  /** Whether there is anything of it in the cluster. */
  readonly present: boolean
  /** Undefined when none works. */
  find(): Installation | undefined
  close(): void
}

/** A controller that runs outside of the cluster, on the cluster's own account, while the cloud says so. */
export function managedWorkplace(cluster: () => string | undefined): Workplace {
  const caller = { nodeName: '', namespace: '', serviceAccount: '', roleArn: undefined }
  return {
    get present() {
      return cluster() !== undefined
    },
    find() {
      const name = cluster()
      return name === undefined ? undefined : { cluster: name, caller }
    },
    close() {},
  }
}

/** Whether a pod is one of the controller's, by the image that it runs. */
export const runsController = ({ spec }: Pod): boolean =>
  spec.containers.some(({ image }) => image?.includes(`/${NAME}`))

/** Finds the pods of the AWS Load Balancer Controller: it works while one of them is ready. */
export class Installations implements Workplace {
  readonly #plane: ControlPlane
  readonly #pods: StoreIndex<Pod>

  constructor(plane: ControlPlane) {
    this.#plane = plane
    this.#pods = new StoreIndex<Pod>(plane.world.store, plane.api.prefix('pods'), (pod) =>
      runsController(pod) ? [NAME] : [],
    )
  }

  /** Whether there is anything of it in the cluster. */
  get present(): boolean {
    return this.#pods.has(NAME)
  }

  /** The controller that works now; undefined when none does. */
  find(): Installation | undefined {
    const pod = this.#pods.get(NAME).find(isReady)
    if (!pod) return undefined
    const args = pod.spec.containers.flatMap(({ args = [], command = [] }) => [...command, ...args])
    const cluster = args.find((arg) => arg.startsWith('--cluster-name='))?.slice('--cluster-name='.length)
    const { namespace = '' } = pod.metadata
    const serviceAccount = pod.spec.serviceAccountName ?? 'default'
    const account = this.#plane.api.get<ServiceAccount>('serviceaccounts', namespace, serviceAccount)
    return {
      cluster: cluster ?? '',
      caller: {
        nodeName: pod.spec.nodeName!,
        namespace,
        serviceAccount,
        roleArn: account?.metadata.annotations?.[ROLE],
      },
    }
  }

  close(): void {
    this.#pods.close()
  }
}
