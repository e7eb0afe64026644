import { computed, signal } from '@preact/signals'
import type { ApiProblem, Door, Preview, PreviewDocument } from '#server/api.ts'
import { request } from '../../api.ts'
import type { Explanation } from '../../i18n/en/preview.ts'
import { t } from '../../i18n/index.ts'
import { problemOf } from '../session.ts'
import { announcement, labId, labPath } from '../store.ts'
import { stored } from '../stored.ts'

/** What stands in the address field; the browser remembers it for the lab. */
export const address = stored(`preview.${labId}`, '', (value) =>
  typeof value === 'string' ? value : undefined,
)
/** The page that is shown; `load` counts, so that the same address is loaded again. */
export const shown = signal<(Preview & { load: number }) | undefined>()
/** What it gave; undefined while it loads. */
export const loaded = signal<PreviewDocument | undefined>()
export const problem = signal<ApiProblem['error'] | undefined>()
export const doors = signal<Door[] | undefined>()

let loads = 0

/** Opens a page by its address inside the lab, or loads it again. */
export async function open(wanted: string): Promise<void> {
  address.value = wanted
  problem.value = undefined
  loaded.value = undefined
  await request<Preview>('POST', `${labPath}/previews`, { address: wanted }).then(
    (preview) => {
      address.value = preview.address
      shown.value = { ...preview, load: ++loads }
    },
    (error) => {
      shown.value = undefined
      problem.value = problemOf(error)
    },
  )
}

export function close(): void {
  shown.value = undefined
  loaded.value = undefined
  void findDoors()
}

/** The frame has loaded something: asks what that was, which no page may see of another origin. */
export async function frameLoaded(): Promise<void> {
  const preview = shown.value
  if (!preview) return
  const answer = await request<{ document?: PreviewDocument }>('GET', `/api/previews/${preview.id}`).catch(
    () => undefined,
  )
  if (shown.value?.load !== preview.load || !answer?.document) return
  loaded.value = answer.document
  address.value = answer.document.address
  announcement.value = explanation.value?.what ?? verdict.value ?? ''
}

export async function findDoors(): Promise<void> {
  await request<Door[]>('GET', `${labPath}/doors`).then(
    (found) => {
      doors.value = found
    },
    (error) => {
      problem.value = problemOf(error)
    },
  )
}

/** The answer in a few words. */
export const verdict = computed(() => {
  const document = loaded.value
  if (!document) return undefined
  return document.failure ? t.preview.unanswered : t.preview.answered(document.status, document.reason)
})

/** What looks further, by what went wrong. */
const COMMANDS: Record<string | number, string> = {
  'no-host': "aws elbv2 describe-load-balancers --query 'LoadBalancers[].DNSName'",
  refused: "docker ps --format 'table {{.Names}}\\t{{.Ports}}'",
  silent: "aws ec2 describe-security-groups --query 'SecurityGroups[].[GroupName,IpPermissions]'",
  502: "aws elbv2 describe-target-groups --query 'TargetGroups[].[TargetGroupName,Protocol,Port]'",
  503: 'kubectl get endpointslices --all-namespaces',
  504: 'kubectl get pods --all-namespaces --output wide',
}

/** Why the page is not what one wants to see, and what to look at. */
export const explanation = computed((): (Explanation & { command?: string | undefined }) | undefined => {
  const document = loaded.value
  if (!document) return undefined
  const { failure } = document
  if (failure) {
    const words = t.preview.failure[failure](new URL(document.address).host)
    return { ...words, command: COMMANDS[failure] }
  }
  const words = document.server?.startsWith('awselb') ? t.preview.balancer[document.status] : undefined
  return words && { ...words, command: COMMANDS[document.status] }
})
