import type { CheckContext } from '#checks/checker.ts'
import type { Cluster } from './cluster.ts'

/** The pods of `web` are recorded in the home's before.txt (`no-record`); gives their names. */
export async function recordedPods(t: CheckContext): Promise<string[]> {
  const record = t.found(await t.files.read('before.txt'), {
    id: 'no-record',
    title: 'The pods are recorded in before.txt',
    expected: 'the output of kubectl get pods in ~/before.txt',
    observed: 'there is no such file',
    evidence: 'ls ~/before.txt',
    hint: 'kubectl get pods -l app=web | tee ~/before.txt',
  })
  return [...record.matchAll(/^web-[a-z0-9-]+/gm)].map(([name]) => name)
}

/** One of the recorded pods is gone (`no-pod-replaced`). */
export async function podReplaced(t: CheckContext, cluster: Cluster, recorded: string[]): Promise<void> {
  const pods = (await cluster.pods('default', 'app=web')).map(({ metadata }) => metadata!.name!)
  const gone = recorded.filter((name) => !pods.includes(name))
  t.expect(gone.length > 0, {
    id: 'no-pod-replaced',
    title: 'A pod was replaced',
    expected: 'a pod of before.txt that is gone, and a new one for it',
    observed: 'all of before.txt are still there',
    seen: `${gone[0]} is gone`,
    evidence: 'cat before.txt; kubectl get pods -l app=web',
    cause: 'No pod was deleted after the record was made.',
    hint: `kubectl delete pod ${pods[0]}`,
  })
}
