import { afterAll, beforeAll, describe, it } from 'vitest'
import type { KubectlCluster } from '../kubernetes-server.ts'
import { transcript } from '../transcript.ts'
import { CORE_FILES } from './core-files.ts'
import { desk } from './desk.ts'

// Source: what the tests of config maps, secrets, services and raw requests in test/cmd/core.sh and create.sh of kubernetes/kubernetes assert.

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await desk(CORE_FILES)
})
afterAll(() => cluster.close())

describe('kubectl and', () => {
  it('config maps and secrets', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl create configmap chart --dry-run=client --from-literal=depth=9
      configmap/chart created (dry run)
      $ kubectl create configmap chart --dry-run=server --from-literal=depth=9
      configmap/chart created (server dry run)
      $ kubectl create configmap chart --from-literal=depth=9
      configmap/chart created
      $ kubectl create configmap chart --from-literal=depth=9
      error: failed to create configmap: configmaps "chart" already exists
      [exit 1]
      $ head -c 16 /dev/zero > zeros; kubectl create configmap binary --from-file=zeros
      configmap/binary created
      $ kubectl get configmap binary -o jsonpath='{.data}{.binaryData}{"\n"}'
      {"zeros":"\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000"}
      $ printf 'a=1\n# no\nb=2\n' > vars; kubectl create configmap vars --from-env-file=vars
      configmap/vars created
      $ kubectl get cm vars -o jsonpath='{.data}{"\n"}'
      {"a":"1","b":"2"}
      $ kubectl create cm bad --from-literal=nothing
      error: invalid literal source nothing, expected key=value
      [exit 1]
      $ kubectl create cm bad --from-file=nowhere
      error: error reading nowhere: no such file or directory
      [exit 1]
      $ kubectl create cm bad --from-literal='bad key=1'
      error: "bad key" is not a valid key name for a ConfigMap: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')
      [exit 1]
      $ kubectl create cm bad --from-literal=a=1 --from-literal=a=2
      error: cannot add key "a", another key by that name already exists in Data for ConfigMap "bad"
      [exit 1]
      $ kubectl describe cm chart
      Name:         chart
      Namespace:    default
      Labels:       <none>
      Annotations:  <none>

      Data
      ====
      depth:
      ----
      9


      BinaryData
      ====

      Events:  <none>
      $ kubectl create secret generic keys --dry-run=server --from-literal=token=abc --type=test
      secret/keys created (server dry run)
      $ kubectl create secret generic keys --from-literal=token=abc --type=test
      secret/keys created
      $ kubectl get secret keys -o yaml
      apiVersion: v1
      data:
        token: YWJj
      kind: Secret
      metadata:
        creationTimestamp: "…"
        name: keys
        namespace: default
        resourceVersion: "…"
        uid: …
      type: test
      $ kubectl describe secret keys
      Name:         keys
      Namespace:    default
      Labels:       <none>
      Annotations:  <none>

      Type:  test

      Data
      ====
      token:  3 bytes
      $ kubectl create secret docker-registry pull --docker-username=me --docker-password=secret --docker-email=me@example.com
      secret/pull created
      $ kubectl get secret pull -o go-template='{{index .data ".dockerconfigjson" | base64decode}}{{"\n"}}'
      {"auths":{"https://index.docker.io/v1/":{"username":"me","password":"secret","email":"me@example.com","auth":"bWU6c2VjcmV0"}}}
      $ printf '{"auths":{"example.com":{"username":"me"}}}' > docker.json; kubectl create secret docker-registry pull2 --from-file=.dockerconfigjson=docker.json
      secret/pull2 created
      $ kubectl get secrets
      NAME    TYPE                             DATA   AGE
      keys    test                             1      …
      pull    kubernetes.io/dockerconfigjson   1      …
      pull2   kubernetes.io/dockerconfigjson   1      …
      $ echo nothing > bad.key; kubectl create secret tls cert2 --key=bad.key --cert=ca.crt
      error: tls: failed to find any PEM data in key input
      [exit 1]
      $ printf '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"texts"},"data":{"k1":"djE=","k2":""},"stringData":{"k2":"v2"}}' | kubectl create -f -
      secret/texts created
      $ kubectl get secret texts -o jsonpath='{.data} {.stringData}{"\n"}'
      {"k1":"djE=","k2":"djI="} 
      $ printf '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"bad"},"data":{"k1":"not base64"}}' | kubectl create -f -
      Error from server (BadRequest): error when creating "STDIN": Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 3
      [exit 1]
      $ printf '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"bad"},"type":"kubernetes.io/tls","data":{"k1":"djE="}}' | kubectl create -f -
      The Secret "bad" is invalid: 
      * data[tls.crt]: Required value
      * data[tls.key]: Required value
      [exit 1]
      $ kubectl create secret generic shown --from-literal=a=1 --output=go-template --template='{{.metadata.name}}:{{"\n"}}'
      shown:
      $ kubectl create secret generic local --from-literal=a=1 --dry-run=client -o yaml --server=https://example.invalid
      apiVersion: v1
      data:
        a: MQ==
      kind: Secret
      metadata:
        name: local
      $ kubectl create secret generic there --dry-run=client --from-literal=a=b -o jsonpath='{.metadata.namespace}{"\n"}' --namespace=given
      given
      $ kubectl create -f envs.yaml
      pod/envs created
      $ kubectl describe pod envs | sed -n '/Environment/,/Mounts/p'
          Environment:
            KEY:    <set to the key 'token' in secret 'keys'>       Optional: false
            DEPTH:  <set to the key 'depth' of config map 'chart'>  Optional: false
            NAME:   envs (v1:metadata.name)
            LIMIT:  node allocatable (limits.cpu)
            PLAIN:  text
          Mounts:
      $ kubectl delete pod envs --now
      pod "envs" deleted from default namespace
      $ kubectl delete secret keys pull pull2 texts shown
      secret "keys" deleted from default namespace
      secret "pull" deleted from default namespace
      secret "pull2" deleted from default namespace
      secret "texts" deleted from default namespace
      secret "shown" deleted from default namespace
      $ kubectl delete cm chart binary vars
      configmap "chart" deleted from default namespace
      configmap "binary" deleted from default namespace
      configmap "vars" deleted from default namespace
      `,
    ))

  it('raw requests', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl create configmap raw -o json --dry-run=client | kubectl create --raw /api/v1/namespaces/default/configmaps -f - | cut -c 1-60
      {"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"ra
      $ kubectl create configmap raw --from-literal=k=v -o json --dry-run=client | kubectl replace --raw /api/v1/namespaces/default/configmaps/raw -f - | grep -o '"data":.*'
      "data":{"k":"v"}}
      $ kubectl get --raw /api/v1/namespaces/default/configmaps/raw | grep -o '"data":.*'
      "data":{"k":"v"}}
      $ kubectl delete --raw /api/v1/namespaces/default/configmaps/raw
      {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","details":{"name":"raw","kind":"configmaps","uid":"…"}}
      $ kubectl get --raw /api/v1/namespaces/default/configmaps/raw
      Error from server (NotFound): configmaps "raw" not found
      [exit 1]
      $ kubectl create --raw /api/v1/namespaces -f pod.yaml
      Error from server (BadRequest): the object provided is unrecognized (must be of type Namespace): couldn't get version/kind; json parse error: invalid character 'a' looking for beginning of value (61706956657273696f6e3a2076310a6b696e643a20506f640a6d65746164 ...)
      [exit 1]
      $ echo '{"kind":"Pod","apiVersion":"v1"}' > pod.json; kubectl create --raw /api/v1/namespaces -f pod.json
      Error from server (BadRequest): Pod in version "v1" cannot be handled as a Namespace: the object provided is unrecognized (must be of type Namespace)
      [exit 1]
      $ echo '[1]' > list.json; kubectl create --raw /api/v1/namespaces -f list.json
      Error from server (BadRequest): the object provided is unrecognized (must be of type Namespace): couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" } (5b315d0a)
      [exit 1]
      $ echo '{"kind": Pod}' > bad.json; kubectl create --raw /api/v1/namespaces -f bad.json
      Error from server (BadRequest): the object provided is unrecognized (must be of type Namespace): couldn't get version/kind; json parse error: invalid character 'P' looking for beginning of value ({"kind": Pod}
      )
      [exit 1]
      $ kubectl create --raw /api/v1/namespaces -f pod.yaml --edit
      error: --raw and --edit are mutually exclusive
      [exit 1]
      $ kubectl get --raw /nowhere
      Error from server (NotFound): the server could not find the requested resource
      [exit 1]
      $ kubectl get --raw /api/v1/nowhere
      Error from server (NotFound): the server could not find the requested resource
      [exit 1]
      $ kubectl get --raw /healthz
      ok
      `,
    ))

  it('services', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl create -f web.yaml
      service/beacon created
      $ kubectl describe svc beacon
      Name:                     beacon
      Namespace:                default
      Labels:                   app=beacon
      Annotations:              <none>
      Selector:                 app=beacon,role=main,tier=back
      Type:                     ClusterIP
      IP Family Policy:         SingleStack
      IP Families:              IPv4
      IP:                       …
      IPs:                      …
      Port:                     <unset>  6379/TCP
      TargetPort:               6379/TCP
      Endpoints:                
      Session Affinity:         None
      Internal Traffic Policy:  Cluster
      Events:                   <none>
      $ kubectl describe svc beacon --show-events=false | tail -n 1
      Internal Traffic Policy:  Cluster
      $ kubectl set selector -f web.yaml role=other --local -o jsonpath='{.spec.selector}{"\n"}'
      {"role":"other"}
      $ kubectl set selector -f web.yaml role=other --dry-run=client -o jsonpath='{.spec.selector}{"\n"}'
      {"role":"other"}
      $ kubectl set selector -f web.yaml role=other
      service/beacon selector updated
      $ kubectl get svc beacon -o wide
      NAME     TYPE        CLUSTER-IP     EXTERNAL-IP   PORT(S)    AGE   SELECTOR
      beacon   ClusterIP   …   <none>        6379/TCP   …    role=other
      $ kubectl set selector services beacon app=beacon,role=main
      service/beacon selector updated
      $ kubectl set selector services beacon role=other --dry-run=server -o jsonpath='{.spec.selector}{"\n"}'
      {"role":"other"}
      $ kubectl set selector services beacon role=other --local -o yaml
      error: you must specify resources by --filename when --local is set.
      Example resource specifications include:
         '-f rsrc.yaml'
         '--filename=rsrc.json'
      [exit 1]
      $ kubectl set selector services beacon role=other --resource-version=1
      Error from server (Conflict): Operation cannot be fulfilled on services "beacon": the object has been modified; please apply your changes to the latest version and try again
      [exit 1]
      $ kubectl get svc beacon --show-managed-fields -o jsonpath='{.metadata.managedFields[*].manager}{"\n"}'
      kubectl-create kubectl-set
      $ kubectl get svc beacon -o json > dump.json; kubectl delete svc beacon; kubectl create -f dump.json
      service "beacon" deleted from default namespace
      service/beacon created
      $ kubectl get svc beacon -o json | kubectl replace -f -
      service/beacon replaced
      $ kubectl get services -o custom-columns=NAME:.metadata.name,PORT:.spec.ports[0].port
      NAME         PORT
      beacon       6379
      kubernetes   443
      $ kubectl create service externalname far --external-name example.com --dry-run=server
      service/far created (server dry run)
      $ kubectl create service externalname far --external-name example.com
      service/far created
      $ kubectl create service clusterip near --tcp=80:8080
      service/near created
      $ kubectl create service clusterip headless --clusterip=None
      service/headless created
      $ kubectl create service nodeport door --tcp=80 --node-port=30080
      service/door created
      $ kubectl create service nodeport door2 --tcp=80 --node-port=30080
      error: failed to create NodePort service: Service "door2" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated
      [exit 1]
      $ kubectl create service nodeport door2 --tcp=80 --node-port=80
      error: failed to create NodePort service: Service "door2" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767
      [exit 1]
      $ kubectl create service loadbalancer gate --tcp=443
      service/gate created
      $ kubectl get svc far near headless door -o wide
      NAME       TYPE           CLUSTER-IP       EXTERNAL-IP   PORT(S)        AGE   SELECTOR
      far        ExternalName   <none>           example.com   <none>         …    app=far
      near       ClusterIP      …   <none>        80/TCP         …    app=near
      headless   ClusterIP      None             <none>        <none>         …    app=headless
      door       NodePort       …      <none>        80:30080/TCP   …    app=door
      $ kubectl create service clusterip none
      error: at least one tcp port specifier must be provided
      [exit 1]
      $ kubectl run meta --image=registry.k8s.io/pause:3.10 --port=80 --expose --dry-run=client
      service/meta created (dry run)
      pod/meta created (dry run)
      $ kubectl run meta --image=registry.k8s.io/pause:3.10 --port=80 --expose --dry-run=server
      service/meta created (server dry run)
      pod/meta created (server dry run)
      $ kubectl run meta --image=registry.k8s.io/pause:3.10 --port=80 --expose
      service/meta created
      pod/meta created
      $ kubectl get pod meta --show-managed-fields -o jsonpath='{.metadata.labels} {.metadata.managedFields[0].manager}{"\n"}'
      {"run":"meta"} kubectl-run
      $ kubectl expose pod meta --port=1000 --target-port=80 --type=NodePort --name=meta2 --overrides='{"metadata":{"annotations":{"zone":"work"}}}'
      service/meta2 exposed
      $ kubectl get svc meta2 -o jsonpath='{.metadata.annotations} {.metadata.labels} {.spec.selector} {.spec.ports[0].targetPort}{"\n"}'
      {"zone":"work"} {"run":"meta"} {"run":"meta"} 80
      $ kubectl get svc meta2 --show-managed-fields -o jsonpath='{.metadata.managedFields[*].manager}{"\n"}'
      kubectl-expose
      $ kubectl delete svc beacon far near headless door gate meta meta2
      service "beacon" deleted from default namespace
      service "far" deleted from default namespace
      service "near" deleted from default namespace
      service "headless" deleted from default namespace
      service "door" deleted from default namespace
      service "gate" deleted from default namespace
      service "meta" deleted from default namespace
      service "meta2" deleted from default namespace
      $ kubectl delete pod meta --now
      pod "meta" deleted from default namespace
      `,
    ))
})
