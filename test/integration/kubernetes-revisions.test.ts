import { afterAll, beforeAll, describe, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'
import { transcript } from './transcript.ts'

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 1 })
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
})
afterAll(() => cluster.close())

const set = (kind: string, name: string, spec = '') => `
apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}, annotations: {kubernetes.io/change-cause: the first}}
spec:
  ${kind === 'StatefulSet' ? `serviceName: ${name}` : ''}
  ${spec}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}, tier: back}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: 'registry.k8s.io/pause:3.10'}]
---`
const revisions = (app: string) =>
  `kubectl get controllerrevisions -l app=${app} --sort-by=.revision --no-headers -o custom-columns=R:.revision,OWNER:.metadata.ownerReferences[*].kind,IMAGE:.data.spec.template.spec.containers[0].image`
const settled = (what: string) => `kubectl rollout status ${what} --timeout=60s | tail -n 1`

// Source: pkg/controller/history/controller_history.go, pkg/controller/statefulset/stateful_set_control.go (truncateHistory,
// getStatefulSetRevisions), pkg/controller/daemon/update.go (constructHistory, snapshot, cleanupHistory).
describe('revisions', () => {
  it('of a StatefulSet are named in its pods, pruned when nobody needs them, and gone back to', async () => {
    await cluster.kubectl('apply -f -', set('StatefulSet', 'db', 'revisionHistoryLimit: 1'))
    await transcript(
      cluster,
      `
      $ ${settled('statefulset/db')}
      …
      $ [ $(kubectl get pod db-0 -o jsonpath='{.metadata.labels.controller-revision-hash}') = $(kubectl get statefulset db -o jsonpath='{.status.currentRevision}') ] && echo same
      same
      $ kubectl get controllerrevisions -l tier=back --no-headers -o custom-columns=LABELS:.metadata.labels
      map[app:db controller.kubernetes.io/hash:… tier:back]
      $ kubectl get controllerrevisions -l app=db -o name >first
      $ kubectl set image statefulset/db main=registry.k8s.io/pause:3.9 && ${settled('statefulset/db')}
      …
      $ kubectl set image statefulset/db main=registry.k8s.io/pause:3.8 && ${settled('statefulset/db')}
      …
      $ kubectl wait $(cat first) --for=delete --timeout=30s >/dev/null; ${revisions('db')}
      2   StatefulSet   registry.k8s.io/pause:3.9
      3   StatefulSet   registry.k8s.io/pause:3.8
      $ kubectl patch statefulset db -p '{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}'
      statefulset.apps/db patched
      $ for tag in 3.7 3.6; do kubectl set image statefulset/db main=registry.k8s.io/pause:$tag >/dev/null; kubectl wait statefulset/db --for=jsonpath='{.status.observedGeneration}'=$(kubectl get statefulset db -o jsonpath='{.metadata.generation}') --timeout=30s; done
      statefulset.apps/db condition met
      statefulset.apps/db condition met
      $ ${revisions('db')}
      3   StatefulSet   registry.k8s.io/pause:3.8
      4   StatefulSet   registry.k8s.io/pause:3.7
      5   StatefulSet   registry.k8s.io/pause:3.6
      $ kubectl rollout history statefulset/db --revision=3
      statefulset.apps/db with revision #3
      Pod Template:
      …
      $ kubectl rollout undo statefulset/db --to-revision=3
      statefulset.apps/db rolled back
      $ kubectl wait statefulset/db --for=jsonpath='{.status.updatedReplicas}'=1 --timeout=30s
      statefulset.apps/db condition met
      $ kubectl rollout history statefulset/db
      statefulset.apps/db
      REVISION  CHANGE-CAUSE
      5         the first
      6         the first
      $ kubectl rollout undo statefulset/db --to-revision=2
      error: unable to find specified revision 2 in history
      [exit 1]
      `,
    )
  })

  it('of a DaemonSet make room for another under a taken name, and are adopted and let go', async () => {
    await cluster.kubectl('apply -f -', set('DaemonSet', 'agent'))
    await transcript(
      cluster,
      `
      $ ${settled('daemonset/agent')}
      daemon set "agent" successfully rolled out
      $ kubectl get controllerrevisions -l app=agent -o name | sed 's,.*/,,' >name; kubectl delete daemonset agent && kubectl wait controllerrevision/$(cat name) --for=delete --timeout=30s
      daemonset.apps "agent" deleted from default namespace
      …
      $ echo '{"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name":"'$(cat name)'"},"data":{"other":"content"},"revision":1}' | kubectl create -f - >/dev/null
      `,
    )
    await cluster.kubectl('apply -f -', set('DaemonSet', 'agent'))
    await transcript(
      cluster,
      `
      $ ${settled('daemonset/agent')}
      daemon set "agent" successfully rolled out
      $ kubectl get daemonset agent -o jsonpath='{.status.collisionCount} {.status.numberReady}'
      1 1
      $ kubectl get controllerrevision $(cat name) -o jsonpath='{.data}{.metadata.ownerReferences}'
      {"other":"content"}
      $ kubectl set image daemonset/agent main=registry.k8s.io/pause:3.9 >/dev/null; ${settled('daemonset/agent')}
      daemon set "agent" successfully rolled out
      $ kubectl label controllerrevision $(cat name) app=agent >/dev/null; kubectl wait controllerrevision/$(cat name) --for=jsonpath='{.metadata.ownerReferences[0].name}'=agent --timeout=30s
      controllerrevision.apps/… condition met
      $ kubectl label controllerrevision $(cat name) app=none --overwrite >/dev/null; kubectl wait controllerrevision/$(cat name) --for=jsonpath='{.metadata.labels.app}'=none --timeout=30s
      controllerrevision.apps/… condition met
      $ kubectl wait daemonset/agent --for=jsonpath='{.status.numberReady}'=1 --timeout=30s
      daemonset.apps/agent condition met
      $ kubectl rollout history daemonset/agent
      daemonset.apps/agent
      REVISION  CHANGE-CAUSE
      1         the first
      2         the first
      $ kubectl rollout undo daemonset/agent && ${settled('daemonset/agent')}
      daemonset.apps/agent rolled back
      daemon set "agent" successfully rolled out
      $ ${revisions('agent')}
      2   DaemonSet   registry.k8s.io/pause:3.9
      3   DaemonSet   registry.k8s.io/pause:3.10
      `,
    )
  })
})
