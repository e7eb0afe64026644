import { afterAll, beforeAll, describe, it } from 'vitest'
import type { KubectlCluster } from '../kubernetes-server.ts'
import { transcript } from '../transcript.ts'
import { desk } from './desk.ts'

// Source: what test/cmd/kubeconfig.sh and node-management.sh of kubernetes/kubernetes assert.

const FILES = {
  'pod.yaml': `apiVersion: v1
kind: Pod
metadata: {name: tug, labels: {crew: one}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: registry.k8s.io/pause:3.10}]
`,
}

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await desk(FILES)
})
afterAll(() => cluster.close())

describe('kubectl and', () => {
  it('kubeconfig files', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl get pod --context= --kubeconfig=missing
      error: stat missing: no such file or directory
      [exit 1]
      $ kubectl get pod --context=missing-context
      Error in configuration: context was not found for specified context: missing-context
      [exit 1]
      $ kubectl get pod --cluster=missing-cluster
      error: no server found for cluster "missing-cluster"
      [exit 1]
      $ kubectl get pod --user=missing-user
      error: auth info "missing-user" does not exist
      [exit 1]
      $ kubectl config view | sed 's/apiVersion: .*/apiVersion: v-1/' > wrong.yaml; kubectl get pods --context= --user= --kubeconfig=wrong.yaml
      error: error loading config file "wrong.yaml": no kind "Config" is registered for version "v-1" in scheme "k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50"
      [exit 1]
      $ export KUBECONFIG=own.yaml; kubectl config set-cluster far --server=https://example.invalid; kubectl config set-credentials me --token=secret; kubectl config set-context far --cluster=far --user=me --namespace=bay; kubectl config use-context far; kubectl config view --minify
      Cluster "far" set.
      User "me" set.
      Context "far" created.
      Switched to context "far".
      apiVersion: v1
      clusters:
      - cluster:
          server: https://example.invalid
        name: far
      contexts:
      - context:
          cluster: far
          namespace: bay
          user: me
        name: far
      current-context: far
      kind: Config
      users:
      - name: me
        user:
          token: REDACTED
      $ KUBECONFIG=own.yaml kubectl config get-contexts
      CURRENT   NAME   CLUSTER   AUTHINFO   NAMESPACE
      *         far    far       me         bay
      $ KUBECONFIG=own.yaml kubectl config current-context
      far
      $ KUBECONFIG=own.yaml kubectl config rename-context far near
      Context "far" renamed to "near".
      $ KUBECONFIG=own.yaml kubectl config use-context nowhere
      error: no context exists with the name: "nowhere"
      [exit 1]
      $ KUBECONFIG=own.yaml kubectl config set clusters.far.certificate-authority-data "$(echo text | base64)"
      Property "clusters.far.certificate-authority-data" set.
      $ KUBECONFIG=own.yaml kubectl config view --raw -o jsonpath='{.clusters[?(@.name == "far")].cluster.certificate-authority-data}{"\n"}'
      dGV4dAo=
      $ KUBECONFIG=own.yaml kubectl config unset users.me
      Property "users.me" unset.
      $ KUBECONFIG=own.yaml kubectl config delete-context near
      warning: this removed your active context, use "kubectl config use-context" to select a different one
      deleted context near from own.yaml
      $ KUBECONFIG=own.yaml kubectl config delete-cluster far
      deleted cluster far from own.yaml
      $ KUBECONFIG=own.yaml kubectl config view
      apiVersion: v1
      clusters: null
      contexts: null
      current-context: near
      kind: Config
      users: null
      $ kubectl config get-clusters
      NAME
      test
      `,
    ))

  it('nodes are tainted, cordoned and drained', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl create -f pod.yaml
      pod/tug created
      $ kubectl wait --for=condition=Ready pod/tug
      pod/tug condition met
      $ N=$(kubectl get pod tug -o jsonpath='{.spec.nodeName}'); echo "export N=$N" > n
      $ kubectl taint node node-1 --dry-run=client dedicated=foo:PreferNoSchedule
      node/node-1 tainted
      $ kubectl taint node node-1 --dry-run=server dedicated=foo:PreferNoSchedule
      node/node-1 tainted
      $ kubectl taint node node-1 dedicated=foo:PreferNoSchedule
      node/node-1 tainted
      $ kubectl get node node-1 -o jsonpath='{.spec.taints}{"\n"}'
      [{"effect":"PreferNoSchedule","key":"dedicated","value":"foo"}]
      $ kubectl taint node node-1 dedicated=foo:PreferNoSchedule
      error: node node-1 already has dedicated taint(s) with same effect(s) and --overwrite is false
      [exit 1]
      $ kubectl taint node node-1 dedicated=bar:PreferNoSchedule --overwrite
      node/node-1 modified
      $ kubectl taint node node-1 dedicated:NoExecute-
      error: taint "dedicated:NoExecute" not found
      [exit 1]
      $ kubectl taint node node-1 dedicated- --dry-run=server
      node/node-1 untainted
      $ kubectl taint node node-1 dedicated-
      node/node-1 untainted
      $ kubectl taint node node-1 dedicated=foo:Sideways
      error: invalid taint effect: Sideways, unsupported taint effect
      See 'kubectl taint -h' for help and examples
      [exit 1]
      $ kubectl taint node node-1
      error: at least one taint update is required
      [exit 1]
      $ kubectl cordon node-1 --dry-run=client
      node/node-1 cordoned (dry run)
      $ kubectl cordon node-1 --dry-run=server
      node/node-1 cordoned (server dry run)
      $ kubectl cordon node-1
      node/node-1 cordoned
      $ kubectl cordon node-1
      node/node-1 already cordoned
      $ kubectl uncordon node-1
      node/node-1 uncordoned
      $ kubectl uncordon node-1
      node/node-1 already uncordoned
      $ kubectl cordon
      error: USAGE: cordon NODE [flags]
      See 'kubectl cordon -h' for help and examples
      [exit 1]
      $ kubectl cordon --selector=
      error: You must provide one or more resources by argument or filename.
      Example resource specifications include:
         '-f rsrc.yaml'
         '--filename=rsrc.json'
         '<resource> <name>'
         '<resource>'
      [exit 1]
      $ kubectl label node node-1 test=label
      node/node-1 labeled
      $ kubectl drain node-1 --selector test=label
      error: cannot specify both a node name and a --selector option
      See 'kubectl drain -h' for help and examples
      [exit 1]
      $ kubectl cordon --selector test=label
      node/node-1 cordoned
      $ kubectl cordon --selector none=such
      $ kubectl uncordon --selector test=label
      node/node-1 uncordoned
      $ . ./n; kubectl drain $N --dry-run=client
      node/node-… cordoned (dry run)
      error: unable to drain node "node-…" due to error: cannot delete cannot delete Pods that declare no controller (use --force to override): default/tug, continuing command...
      There are pending nodes to be drained:
       node-…
      cannot delete cannot delete Pods that declare no controller (use --force to override): default/tug
      [exit 1]
      $ . ./n; kubectl drain $N --dry-run=server --force
      node/node-… cordoned (server dry run)
      Warning: deleting Pods that declare no controller: default/tug
      evicting pod default/tug (server dry run)
      node/node-… drained (server dry run)
      $ . ./n; kubectl drain $N --force --pod-selector 'crew in (two)'
      node/node-… cordoned
      node/node-… drained
      $ . ./n; kubectl drain $N
      node/node-… already cordoned
      error: unable to drain node "node-…" due to error: cannot delete cannot delete Pods that declare no controller (use --force to override): default/tug, continuing command...
      There are pending nodes to be drained:
       node-…
      cannot delete cannot delete Pods that declare no controller (use --force to override): default/tug
      [exit 1]
      $ . ./n; kubectl drain $N --force
      node/node-… already cordoned
      Warning: deleting Pods that declare no controller: default/tug
      evicting pod default/tug
      pod/tug evicted
      node/node-… drained
      $ kubectl get pod tug
      Error from server (NotFound): pods "tug" not found
      [exit 1]
      $ . ./n; kubectl uncordon $N
      node/node-… uncordoned
      $ kubectl describe node node-1 | sed -n '/^Taints/,/^Lease/p'
      Taints:             <none>
      Unschedulable:      false
      Lease:
      $ kubectl label node node-1 test-
      node/node-1 unlabeled
      `,
    ))
})
