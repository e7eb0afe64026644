import { afterAll, beforeAll, describe, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'
import { transcript } from './transcript.ts'

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 2 })
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
  await cluster.kubectl('apply -f -', WEB)
  await cluster.kubectl('wait --for=condition=Ready pod --all --timeout=40s')
})
afterAll(() => cluster.close())

const echo = (name: string, node: string) => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: echo}}
spec:
  nodeName: ${node}
  hostname: ${name}
  subdomain: each
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: nginx:1.29
    command: [sh, -c, 'echo $(hostname) > /usr/share/nginx/html/index.html; exec nginx -g "daemon off;"']
    ports: [{name: http, containerPort: 80}]
    readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
---`
const service = (name: string, spec: string) => `
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: {app: echo}, ports: [{name: web, port: 8080, targetPort: http}], ${spec}}
---`
const WEB = `${echo('one', 'node-1')}${echo('two', 'node-2')}
apiVersion: v1
kind: Pod
metadata: {name: client, labels: {app: client}}
spec: {nodeName: node-1, terminationGracePeriodSeconds: 1, containers: [{name: main, image: busybox, command: [sleep, '100000']}]}
---${service('echo', '')}${service('each', 'clusterIP: None')}${service('sticky', 'sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}')}${service('outside', 'type: NodePort, externalTrafficPolicy: Local')}
apiVersion: v1
kind: Service
metadata: {name: alias}
spec: {type: ExternalName, externalName: echo.default.svc.cluster.local, selector: {app: echo}}
`
const ask = (url: string) => `kubectl exec client -- wget -qO- -T 2 ${url}`

// Source: kubernetes.io/docs/concepts/services-networking (service, dns-pod-service, network-policies), pkg/printers/internalversion,
// pkg/proxy, docs/reference/networking/virtual-ips.
describe('a Service', () => {
  it('shows its ports and the endpoints behind them', () =>
    transcript(
      cluster,
      `
      $ kubectl get services
      NAME         TYPE           CLUSTER-IP     EXTERNAL-IP                      PORT(S)          AGE
      alias        ExternalName   <none>         echo.default.svc.cluster.local   <none>           …
      each         ClusterIP      None           <none>                           8080/TCP         …
      echo         ClusterIP      10.100.…       <none>                           8080/TCP         …
      kubernetes   ClusterIP      10.100.0.1     <none>                           443/TCP          …
      outside      NodePort       10.100.…       <none>                           8080:3…/TCP      …
      sticky       ClusterIP      10.100.…       <none>                           8080/TCP         …
      $ kubectl get endpointslices -l kubernetes.io/service-name=echo
      NAME     ADDRESSTYPE   PORTS   ENDPOINTS             AGE
      echo-…   IPv4          80      10.0.0.…,10.0.0.…   …
      $ kubectl get endpoints echo
      Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice
      NAME   ENDPOINTS                     AGE
      echo   10.0.0.…:80,10.0.0.…:80   …
      $ kubectl get endpoints echo -o jsonpath='{range .subsets[0].addresses[*]}{.ip}{"\\n"}{end}' | sort -c && echo sorted
      Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice
      sorted
      $ kubectl get endpointslices -l kubernetes.io/service-name=alias
      No resources found in default namespace.
      $ kubectl describe service sticky | grep -E '^(Session|TargetPort|Endpoints)'
      TargetPort:        http/TCP
      Endpoints:         10.0.0.…:80,10.0.0.…:80
      Session Affinity:  ClientIP
      `,
    ))

  it('is found by its names, and answers from all its pods', () =>
    transcript(
      cluster,
      `
      $ kubectl exec client -- nslookup echo.default.svc.cluster.local
      Server:		10.100.0.10
      …
      Name:	echo.default.svc.cluster.local
      Address: 10.100.…
      …
      $ kubectl exec client -- cat /etc/resolv.conf
      search default.svc.cluster.local svc.cluster.local cluster.local…
      nameserver 10.100.0.10
      options ndots:5
      $ for i in 1 2 3 4 5 6 7 8 9 10 11 12; do ${ask('http://echo:8080')}; done | sort -u
      one
      two
      $ ${ask('http://one.each.default:80')}
      one
      $ ${ask('http://two.each.default.svc.cluster.local:80')}
      two
      $ for i in 1 2 3 4 5 6; do ${ask('http://sticky:8080')}; done | sort -u | wc -l
      1
      $ ${ask('http://alias:8080')} | grep -c -E 'one|two'
      1
      $ ${ask('http://nobody:8080')}
      wget: bad address 'nobody:8080'
      command terminated with exit code 1
      [exit 1]
      `,
    ))

  it('keeps traffic from outside on the node when told to', () =>
    transcript(
      cluster,
      `
      $ kubectl delete pod two
      pod "two" deleted from default namespace
      $ PORT=$(kubectl get service outside -o jsonpath='{.spec.ports[0].nodePort}'); ${ask('http://192.168.0.1:$PORT')}
      one
      $ PORT=$(kubectl get service outside -o jsonpath='{.spec.ports[0].nodePort}'); ${ask('http://192.168.0.2:$PORT')}
      wget: download timed out
      command terminated with exit code 1
      [exit 1]
      $ kubectl exec one -- rm /usr/share/nginx/html/index.html
      $ kubectl wait pod/one --for=condition=Ready=false --timeout=20s
      pod/one condition met
      $ ${ask('http://echo:8080')}
      wget: can't connect to remote host (10.100.…): Connection refused
      command terminated with exit code 1
      [exit 1]
      $ kubectl exec one -- sh -c 'echo one > /usr/share/nginx/html/index.html'
      $ kubectl wait pod/one --for=condition=Ready --timeout=20s
      pod/one condition met
      `,
    ))

  it('is refused what it cannot be', () =>
    transcript(
      cluster,
      `
      $ kubectl create service nodeport taken --tcp=80 --node-port=80
      error: failed to create NodePort service: Service "taken" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767
      [exit 1]
      $ kubectl patch service echo -p '{"spec":{"clusterIP":"10.100.9.9"}}'
      The Service "echo" is invalid: spec.clusterIPs[0]: Invalid value: ["10.100.9.9"]: may not change once set
      [exit 1]
      $ kubectl expose pod client --port=80
      service/client exposed
      $ kubectl expose pod client --port=80
      Error from server (AlreadyExists): services "client" already exists
      [exit 1]
      `,
    ))
})

describe('a NetworkPolicy', () => {
  it('lets in whom it names', async () => {
    await cluster.kubectl(
      'apply -f -',
      `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: friends}
spec:
  podSelector: {matchLabels: {app: echo}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {role: friend}}}], ports: [{port: http}]}]
`,
    )
    await transcript(
      cluster,
      `
      $ kubectl get networkpolicy friends
      NAME      POD-SELECTOR   AGE
      friends   app=echo       …
      $ kubectl exec client -- wget -qO- -T 1 http://echo:8080
      wget: download timed out
      command terminated with exit code 1
      [exit 1]
      $ kubectl label pod client role=friend
      pod/client labeled
      $ ${ask('http://echo:8080')}
      one
      $ kubectl describe networkpolicy friends | tail -n 6
        Allowing ingress traffic:
          To Port: http/TCP
          From:
            PodSelector: role=friend
        Not affecting egress traffic
        Policy Types: Ingress
      `,
    )
  })
})
