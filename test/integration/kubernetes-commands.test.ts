import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'
import { transcript } from './transcript.ts'

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 1 })
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
})
afterAll(() => cluster.close())

// Source: kubernetes.io/docs/reference/kubectl/generated, kubectl/pkg/cmd.
describe('kubectl create, set, label and annotate', () => {
  it('make and change objects', () =>
    transcript(
      cluster,
      `
      $ kubectl create namespace shop
      namespace/shop created
      $ kubectl create configmap settings --from-literal=colour=blue -n shop
      configmap/settings created
      $ kubectl create secret generic keys --from-literal=token=s3cret -n shop
      secret/keys created
      $ kubectl create secret docker-registry pull --docker-server=example.com --docker-username=me --docker-password=pw -n shop
      secret/pull created
      $ kubectl get secrets -n shop
      NAME   TYPE                             DATA   AGE
      keys   Opaque                           1      …
      pull   kubernetes.io/dockerconfigjson   1      …
      $ kubectl create quota limits --hard=pods=5 -n shop
      resourcequota/limits created
      $ kubectl create serviceaccount robot -n shop
      serviceaccount/robot created
      $ kubectl create role reader --verb=get,list --resource=pods -n shop
      role.rbac.authorization.k8s.io/reader created
      $ kubectl create rolebinding robot-reads --role=reader --serviceaccount=shop:robot -n shop
      rolebinding.rbac.authorization.k8s.io/robot-reads created
      $ kubectl auth can-i list pods --as=system:serviceaccount:shop:robot -n shop
      yes
      $ kubectl create priorityclass high --value=1000
      priorityclass.scheduling.k8s.io/high created
      $ kubectl create ingress front --rule='shop.example.com/*=web:80' -n shop
      ingress.networking.k8s.io/front created
      $ kubectl get ingress front -n shop
      NAME    CLASS    HOSTS              ADDRESS   PORTS   AGE
      front   <none>   shop.example.com             80      …
      $ kubectl create poddisruptionbudget web --selector=app=web --min-available=1 -n shop
      poddisruptionbudget.policy/web created
      $ kubectl create deployment web --image=nginx:1.29 -n shop
      deployment.apps/web created
      $ kubectl set serviceaccount deployment web robot -n shop
      deployment.apps/web serviceaccount updated
      $ kubectl set env deployment/web --list -n shop
      # Deployment web, container nginx
      $ kubectl set env deployment/web --from=configmap/settings -n shop
      Warning: key colour transferred to COLOUR
      deployment.apps/web env updated
      $ kubectl set env deployment/web --list -n shop
      # Deployment web, container nginx
      # COLOUR from configmap settings, key colour
      $ kubectl label deployment web tier=front -n shop
      deployment.apps/web labeled
      $ kubectl label deployment web tier=back -n shop
      error: 'tier' already has a value (front), and --overwrite is false
      [exit 1]
      $ kubectl get deployment web -n shop --show-labels
      NAME   READY   UP-TO-DATE   AVAILABLE   AGE   LABELS
      web    …       …            …           …     app=web,tier=front
      $ kubectl label deployment web tier- -n shop
      deployment.apps/web unlabeled
      $ kubectl annotate deployment web note='by hand' -n shop
      deployment.apps/web annotated
      $ kubectl autoscale deployment web --min=1 --max=3 --cpu=50% -n shop
      horizontalpodautoscaler.autoscaling/web autoscaled
      $ kubectl get hpa web -n shop
      NAME   REFERENCE        TARGETS              MINPODS   MAXPODS   REPLICAS   AGE
      web    Deployment/web   cpu: <unknown>/50%   1         3         …          …
      $ kubectl create token robot -n shop | cut -c 1-3
      eyJ
      $ kubectl delete namespace shop --wait=false
      namespace "shop" deleted
      `,
    ))
})

describe('kubectl apply, diff and kustomize', () => {
  it('show what differs, and bring it in line', async () => {
    const folder = join(cluster.folder, 'app')
    await mkdir(folder)
    await writeFile(
      join(folder, 'kustomization.yaml'),
      'namePrefix: my-\nresources: [deployment.yaml]\nimages: [{name: nginx, newTag: "1.29"}]\nreplicas: [{name: web, count: 2}]\nconfigMapGenerator: [{name: settings, literals: [colour=blue]}]\n',
    )
    await writeFile(
      join(folder, 'deployment.yaml'),
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: nginx, image: nginx, envFrom: [{configMapRef: {name: settings}}]}]}\n',
    )
    await transcript(
      cluster,
      `
      $ kubectl kustomize app | grep -E '^kind|^  name|image:|replicas'
      kind: ConfigMap
        name: my-settings-…
      kind: Deployment
        name: my-web
        replicas: 2
            image: nginx:1.29
      $ kubectl apply -k app
      configmap/my-settings-… created
      deployment.apps/my-web created
      $ kubectl rollout status deployment/my-web --timeout=40s
      …
      deployment "my-web" successfully rolled out
      $ kubectl diff -k app
      $ sed -i 's/count: 2/count: 3/' app/kustomization.yaml; kubectl diff -k app | grep -E '^[-+] '
      -  generation: 1
      +  generation: 2
      -  replicas: 2
      +  replicas: 3
      $ kubectl apply -k app --dry-run=server
      configmap/my-settings-… unchanged (server dry run)
      deployment.apps/my-web configured (server dry run)
      $ kubectl get deployment my-web -o jsonpath='{.spec.replicas}'
      2
      $ kubectl apply --server-side -k app --field-manager=me
      configmap/my-settings-… serverside-applied
      error: Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas
      …
      [exit 1]
      $ kubectl apply --server-side --force-conflicts -k app --field-manager=me
      configmap/my-settings-… serverside-applied
      deployment.apps/my-web serverside-applied
      $ kubectl delete -k app
      configmap "my-settings-…" deleted from default namespace
      deployment.apps "my-web" deleted from default namespace
      `,
    )
  })
})

describe('kubectl run, exec, cp, attach, logs and port-forward', () => {
  it('reach into pods', async () => {
    await writeFile(join(cluster.folder, 'page.html'), 'a page of mine\n')
    await transcript(
      cluster,
      `
      $ kubectl run web --image=nginx:1.29 --port=80 --labels=app=web,tier=front
      pod/web created
      $ kubectl wait --for=condition=Ready pod/web --timeout=30s
      pod/web condition met
      $ kubectl exec web -- sh -c 'echo out; exit 5'
      out
      command terminated with exit code 5
      [exit 5]
      $ echo 'echo from the input' | kubectl exec -i web -- sh
      from the input
      $ kubectl exec web -- no-such-command
      error: Internal error occurred: error executing command in container: …exec: "no-such-command": executable file not found in $PATH…
      [exit 1]
      $ kubectl exec web -c nope -- ls
      Error from server (BadRequest): container nope is not valid for pod web
      [exit 1]
      $ kubectl cp page.html web:/usr/share/nginx/html/page.html
      $ kubectl cp web:/usr/share/nginx/html/page.html copied.html
      …
      $ cmp page.html copied.html && echo the same
      the same
      $ kubectl run ask --rm -i --image=busybox --restart=Never -q -- wget -qO- http://$(kubectl get pod web -o jsonpath='{.status.podIP}')/page.html
      …
      a page of mine
      $ kubectl logs web --tail=1
      … "GET /page.html HTTP/1.1" 200 15 "-" "Wget" "-"
      $ kubectl logs web --tail=1 --timestamps | cut -c 1-4
      2…
      $ kubectl logs -l tier=front --tail=1 --prefix
      [pod/web/web] … "GET /page.html HTTP/1.1" 200 15 "-" "Wget" "-"
      $ kubectl logs web --limit-bytes=21
      /docker-entrypoint.sh
      $ kubectl logs web --since=1h | grep -c 'start worker process '
      2
      $ kubectl logs nobody
      error: error from server (NotFound): pods "nobody" not found in namespace "default"
      [exit 1]
      $ kubectl port-forward pod/web 18081:80 > forward.log 2>&1 & until grep -qs Forwarding forward.log; do sleep 0.1; done; curl -s http://127.0.0.1:18081/page.html; kill $!
      a page of mine
      $ KUBECTL_PORT_FORWARD_WEBSOCKETS=false kubectl port-forward pod/web 18082:80 > spdy.log 2>&1 & until grep -qs Forwarding spdy.log; do sleep 0.1; done; curl -s http://127.0.0.1:18082/page.html; kill $!
      a page of mine
      $ KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false kubectl exec web -- echo by SPDY
      by SPDY
      $ kubectl proxy --port=18083 > proxy.log 2>&1 & until grep -qs Starting proxy.log; do sleep 0.1; done; curl -s http://127.0.0.1:18083/api/v1/namespaces/default/pods/web/proxy/page.html; kill $!
      a page of mine
      $ kubectl run count --image=busybox --restart=Never -- sh -c 'for i in 1 2 3 4 5 6; do echo line $i; sleep 1; done'
      pod/count created
      $ kubectl wait --for=condition=Ready pod/count --timeout=30s
      pod/count condition met
      $ kubectl attach count -q | tail -n 1
      line 6
      $ kubectl wait pod/count --for=jsonpath='{.status.phase}'=Succeeded --timeout=20s
      pod/count condition met
      $ kubectl attach count
      error: cannot attach a container in a completed pod; current phase is Succeeded
      [exit 1]
      $ kubectl top pod
      error: Metrics API not available
      [exit 1]
      $ kubectl delete pod web count --now
      pod "web" deleted from default namespace
      pod "count" deleted from default namespace
      `,
    )
  })
})
