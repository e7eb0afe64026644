import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'

// Who may do what. Sources: kubernetes.io/docs/reference/access-authn-authz (rbac, node, certificate-signing-requests,
// authentication), kubectl's `auth` and `certificate` commands, and the tests of plugin/pkg/auth/authorizer, read 2026-11.

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster()
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
})
afterAll(() => cluster.close())

const kubectl = (command: string, input?: string) => cluster.kubectl(command, input)
const refused = (command: string, input?: string, user?: string) => cluster.refused(command, input, user)

describe('who asks', () => {
  it('is told by `auth whoami`', async () => {
    expect(await kubectl('auth whoami')).toMatch(
      /^ATTRIBUTE +VALUE\nUsername +admin\nGroups +\[system:masters system:authenticated\]\n$/,
    )
    expect(await kubectl('auth whoami -o jsonpath={.status.userInfo.username}')).toBe('admin')
    expect(await kubectl('auth whoami --as bob --as-group dev')).toMatch(
      /Username +bob\nGroups +\[dev system:authenticated\]/,
    )
    expect(await kubectl('auth whoami --as system:serviceaccount:default:default')).toMatch(
      /Groups +\[system:serviceaccounts system:serviceaccounts:default system:authenticated\]/,
    )
    expect(await kubectl('auth whoami --as bob --as-user-extra scopes=view')).toMatch(
      /Extra: scopes +\[view\]/,
    )
  })

  it('is nobody with a wrong token', async () => {
    expect(await refused('get pods', undefined, 'nobody')).toBe(
      'error: You must be logged in to the server (Unauthorized)\n',
    )
    expect(await refused('auth whoami', undefined, 'nobody')).toContain('Unauthorized')
  })

  it('may be somebody else only with the right to impersonate', async () => {
    expect(await refused('get pods --as bob', undefined, 'alice')).toBe(
      'Error from server (Forbidden): users "bob" is forbidden: User "alice" cannot impersonate resource "users" in API group "" at the cluster scope\n',
    )
    expect(await refused('get pods --as system:serviceaccount:default:x', undefined, 'alice')).toContain(
      'serviceaccounts "x" is forbidden: User "alice" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "default"',
    )
  })
})

describe('RBAC', () => {
  it('refuses what no role allows, with the verb, resource and scope', async () => {
    const at = (what: string) => `Error from server (Forbidden): ${what}\n`
    expect(await refused('get pods', undefined, 'alice')).toBe(
      at(
        'pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "default"',
      ),
    )
    expect(await refused('get deployments.apps web', undefined, 'alice')).toBe(
      at(
        'deployments.apps "web" is forbidden: User "alice" cannot get resource "deployments" in API group "apps" in the namespace "default"',
      ),
    )
    expect(await refused('get nodes', undefined, 'alice')).toBe(
      at(
        'nodes is forbidden: User "alice" cannot list resource "nodes" in API group "" at the cluster scope',
      ),
    )
    expect(await refused('delete ns default', undefined, 'alice')).toBe(
      at(
        'namespaces "default" is forbidden: User "alice" cannot delete resource "namespaces" in API group "" in the namespace "default"',
      ),
    )
    expect(await refused('get --raw /metrics', undefined, 'alice')).toBe(
      at('forbidden: User "alice" cannot get path "/metrics"'),
    )
    expect(await refused('create cm x', undefined, 'alice')).toContain(
      'error: failed to create configmap: configmaps is forbidden: User "alice" cannot create resource "configmaps" in API group "" in the namespace "default"',
    )
  })

  it('allows what a Role and its binding give, in their namespace only', async () => {
    expect(await kubectl('create role reader --verb=get,list --resource=pods,pods/log')).toBe(
      'role.rbac.authorization.k8s.io/reader created\n',
    )
    expect(await kubectl('create rolebinding alice-reads --role=reader --user=alice')).toBe(
      'rolebinding.rbac.authorization.k8s.io/alice-reads created\n',
    )
    expect(await kubectl('get pods --as alice')).toBe('')
    expect(await refused('get pods -n kube-system --as alice')).toContain('in the namespace "kube-system"')
    expect(await refused('get pods -A --as alice')).toContain('at the cluster scope')
    expect(await kubectl('auth can-i get pods --as alice')).toBe('yes\n')
    expect(await kubectl('auth can-i get pods --subresource=log --as alice')).toBe('yes\n')
    expect((await cluster.run(['auth', 'can-i', 'delete', 'pods', '--as', 'alice'])).stdout).toBe('no\n')
    expect(
      (await cluster.run(['auth', 'can-i', 'get', 'pods', '-n', 'kube-system', '--as', 'alice'])).code,
    ).toBe(1)
    expect(await kubectl('get rolebinding alice-reads -o wide')).toMatch(
      /^NAME +ROLE +AGE +USERS +GROUPS +SERVICEACCOUNTS\nalice-reads +Role\/reader +\S+ +alice +\n$/,
    )
    expect(await kubectl('describe role reader')).toMatch(
      /PolicyRule:\n +Resources +Non-Resource URLs +Resource Names +Verbs\n[ -]+\n +pods\/log +\[\] +\[\] +\[get list\]\n +pods +\[\] +\[\] +\[get list\]/,
    )
    expect(await kubectl('describe rolebinding alice-reads')).toMatch(
      /Kind +Name +Namespace\n[ -]+\n +User +alice/,
    )
  })

  it('allows single objects by name, and paths', async () => {
    await kubectl('create cm one')
    await kubectl('create cm two')
    await kubectl('create role one --verb=get --resource=configmaps --resource-name=one')
    await kubectl('create rolebinding one --role=one --user=alice')
    expect(await kubectl('get cm one --as alice -o name')).toBe('configmap/one\n')
    expect(await refused('get cm two --as alice')).toContain('configmaps "two" is forbidden')
    expect(await refused('get cm --as alice')).toContain('cannot list resource "configmaps"')
    await kubectl('create clusterrole scraper --verb=get --non-resource-url=/metrics')
    await kubectl('create clusterrolebinding scraper --clusterrole=scraper --user=alice')
    expect(await kubectl('get --raw /metrics --as alice')).toContain('apiserver_request_total')
    expect(await kubectl('auth can-i get /metrics --as alice')).toBe('yes\n')
  })

  it('lists what somebody may do', async () => {
    const list = await kubectl('auth can-i --list --as alice')
    expect(list).toMatch(/^Resources +Non-Resource URLs +Resource Names +Verbs\n/)
    expect(list).toMatch(/^pods +\[\] +\[\] +\[get list\]$/m)
    expect(list).toMatch(/^configmaps +\[\] +\[one\] +\[get\]$/m)
    expect(list).toMatch(/^selfsubjectaccessreviews\.authorization\.k8s\.io +\[\] +\[\] +\[create\]$/m)
    expect(list).toMatch(/^ +\[\/metrics\] +\[\] +\[get\]$/m)
    expect(await kubectl('auth can-i --list')).toMatch(/^\*\.\* +\[\] +\[\] +\[\*\]$/m)
  })

  it('knows the roles that every cluster has', async () => {
    await kubectl('create rolebinding edits --clusterrole=edit --serviceaccount=default:default')
    const as = '--as system:serviceaccount:default:default'
    expect(await kubectl(`auth can-i create deployments.apps ${as}`)).toBe('yes\n')
    expect(await kubectl(`auth can-i get secrets ${as}`)).toBe('yes\n')
    expect(
      (await cluster.run(`auth can-i create roles.rbac.authorization.k8s.io ${as}`.split(' '))).stdout,
    ).toBe('no\n')
    expect((await cluster.run(`auth can-i get nodes ${as}`.split(' '))).stdout).toBe('no\n')
    expect(await kubectl('get clusterrole admin edit view cluster-admin -o name')).toBe(
      ['admin', 'edit', 'view', 'cluster-admin']
        .map((name) => `clusterrole.rbac.authorization.k8s.io/${name}\n`)
        .join(''),
    )
    expect(await kubectl('get clusterrole view')).toMatch(
      /^NAME +CREATED AT\nview +20\d\d-\d\d-\d\dT[\d:]+Z\n$/,
    )
  })

  it('adds the rules of aggregated roles', async () => {
    await kubectl(
      'apply -f -',
      `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: more-view
  labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}
rules: [{apiGroups: [example.com], resources: [widgets], verbs: [get]}]
`,
    )
    const rules = () => kubectl('get clusterrole view -o jsonpath={.rules[*].resources}')
    await expect.poll(rules, { timeout: 5000 }).toContain('widgets')
  })

  // Models pkg/registry/rbac/escalation_check.go.
  it('gives nobody rights that they do not have themselves', async () => {
    await kubectl('create rolebinding boss --clusterrole=admin --user=boss')
    expect(await refused('create role more --verb=get,list --resource=nodes,pods --as boss')).toBe(
      'Error from server (Forbidden): roles.rbac.authorization.k8s.io "more" is forbidden: user "boss" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["get" "list"]}\n',
    )
    expect(
      await refused('create rolebinding more --clusterrole=cluster-admin --user=boss --as boss'),
    ).toContain('{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n{NonResourceURLs:["*"], Verbs:["*"]}')
    expect(await kubectl('create rolebinding less --clusterrole=view --user=bob --as boss')).toContain(
      'created',
    )
    expect(await refused('create rolebinding none --clusterrole=nope --user=bob --as boss')).toContain(
      'clusterroles.rbac.authorization.k8s.io "nope" not found',
    )
    expect(await kubectl('create role same --verb=get --resource=secrets --as boss')).toContain('created')
    expect(
      await refused(
        'patch role same --type=json -p [{"op":"add","path":"/rules/-","value":{"apiGroups":[""],"resources":["nodes"],"verbs":["get"]}}] --as boss',
      ),
    ).toContain('{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}')
    expect(await kubectl('label role same team=a --as boss')).toContain('labeled')
  })

  it('does not change what a binding binds', async () => {
    expect(
      await refused(
        'patch rolebinding less -p {"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"edit"}}',
      ),
    ).toBe(
      'The RoleBinding "less" is invalid: roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"edit"}: cannot change roleRef\n',
    )
  })

  it('is brought into line by `auth reconcile`', async () => {
    const file = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: synced, namespace: default}
rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: synced, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: synced}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: bob}]
`
    expect(await cluster.both('auth reconcile -f -', file)).toBe(
      [
        '\treconciliation required create',
        '\tmissing rules added:',
        '\t\t{Verbs:[get] APIGroups:[] Resources:[pods] ResourceNames:[] NonResourceURLs:[]}',
        '\treconciliation required create',
        '\tmissing subjects added:',
        '\t\t{Kind:User APIGroup:rbac.authorization.k8s.io Name:bob Namespace:}',
        'role.rbac.authorization.k8s.io/synced reconciled',
        'rolebinding.rbac.authorization.k8s.io/synced reconciled',
        '',
      ].join('\n'),
    )
    expect(await cluster.both('auth reconcile -f -', file)).toBe(
      'role.rbac.authorization.k8s.io/synced reconciled\nrolebinding.rbac.authorization.k8s.io/synced reconciled\n',
    )
  })
})

describe('a kubelet', () => {
  const node = '--as system:node:node-1 --as-group system:nodes'

  it('reads only what its pods use', async () => {
    await kubectl('create secret generic used')
    await kubectl('create secret generic unused')
    await kubectl(
      'apply -f -',
      `
apiVersion: v1
kind: Pod
metadata: {name: mine}
spec:
  nodeName: node-1
  containers: [{name: c, image: 'nginx:1.29', envFrom: [{secretRef: {name: used}}]}]
`,
    )
    expect(await kubectl(`get secret used ${node} -o name`)).toBe('secret/used\n')
    expect(await refused(`get secret unused ${node}`)).toBe(
      `Error from server (Forbidden): secrets "unused" is forbidden: User "system:node:node-1" cannot get resource "secrets" in API group "" in the namespace "default": no relationship found between node 'node-1' and this object\n`,
    )
    expect(await refused(`get secrets ${node}`)).toContain(': No Object name found')
    expect(await refused(`delete secret used ${node}`)).toContain(': can only read resources of this type')
    expect(await refused('get secret used --as system:node:node-2 --as-group system:nodes')).toContain(
      "no relationship found between node 'node-2' and this object",
    )
  })

  it('sees its own node and pods', async () => {
    expect(await kubectl(`get node node-1 ${node} -o name`)).toBe('node/node-1\n')
    expect(await refused(`get node node-2 ${node}`)).toContain(
      "node 'node-1' cannot read 'node-2', only its own Node object",
    )
    expect(await kubectl(`get pods -A --field-selector spec.nodeName=node-1 ${node} -o name`)).toBe(
      'pod/mine\n',
    )
    expect(await refused(`get pods -A ${node}`)).toContain(
      'can only list/watch pods with spec.nodeName field selector',
    )
    expect(await refused(`label node node-2 a=b --overwrite ${node}`)).toContain(
      'cannot get resource "nodes"',
    )
    expect(await refused(`get leases -n default ${node}`)).toContain(
      'can only get, create, update, patch, or delete a node lease',
    )
  })

  it('gets tokens for the accounts of its pods', async () => {
    expect(await kubectl(`create token default ${node}`)).toMatch(/^ey/)
    await kubectl('create sa other')
    expect(await refused(`create token other ${node}`)).toContain(
      'error: failed to create token: serviceaccounts "other" is forbidden',
    )
  })
})

/** A CertificateSigningRequest of a new key, which stays in `<name>.key`. */
function request(name: string, subject: string, spec: string): string {
  const file = (end: string) => join(cluster.folder, `${name}.${end}`)
  execFileSync('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file('key')])
  execFileSync('openssl', ['req', '-new', '-key', file('key'), '-out', file('csr'), '-subj', subject])
  const pem = readFileSync(file('csr')).toString('base64')
  return `
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: ${name}}
spec: {request: ${pem}, ${spec}}
`
}

const CLIENT = 'signerName: kubernetes.io/kube-apiserver-client, usages: [client auth]'

describe('a certificate', () => {
  it('is signed after approval, and then lets its holder in', async () => {
    await kubectl('apply -f -', request('carol', '/CN=carol/O=dev', `${CLIENT}, expirationSeconds: 86400`))
    expect(await kubectl('get csr carol')).toMatch(
      /^NAME +AGE +SIGNERNAME +REQUESTOR +REQUESTEDDURATION +CONDITION\ncarol +\S+ +kubernetes.io\/kube-apiserver-client +admin +24h +Pending\n$/,
    )
    expect(await kubectl('certificate approve carol')).toBe(
      'certificatesigningrequest.certificates.k8s.io/carol approved\n',
    )
    await kubectl('wait --for=jsonpath={.status.certificate} csr/carol --timeout=10s')
    expect(await kubectl('get csr carol')).toMatch(/ Approved,Issued\n$/)
    expect(await kubectl('describe csr carol')).toMatch(
      /Requesting User: +admin\nSigner: +kubernetes.io\/kube-apiserver-client\nRequested Duration: +24h\nStatus: +Approved,Issued\nSubject:\n +Common Name: +carol\n/,
    )
    const certificate = await kubectl('get csr carol -o jsonpath={.status.certificate}')
    writeFileSync(join(cluster.folder, 'carol.crt'), Buffer.from(certificate, 'base64'))
    await kubectl('config set-credentials carol --client-certificate=carol.crt --client-key=carol.key')
    await kubectl('config set-context carol --cluster=test --user=carol')
    expect(await kubectl('auth whoami --context carol')).toMatch(
      /Username +carol\nGroups +\[dev system:authenticated\]\nExtra: authentication.kubernetes.io\/credential-id +\[X509SHA256=[0-9a-f]{64}\]/,
    )
    expect(await refused('get pods --context carol')).toContain('User "carol" cannot list resource "pods"')
    await kubectl('create rolebinding dev --clusterrole=view --group=dev')
    expect(await kubectl('get pods --context carol -o name')).toContain('pod/mine')
    expect(await refused('certificate deny carol')).toBe(
      'error: certificate signing request "carol" is already Approved\n',
    )
  })

  it('is not given to those denied', async () => {
    await kubectl('apply -f -', request('mallory', '/CN=mallory', CLIENT))
    expect(await kubectl('certificate deny mallory')).toContain('mallory denied')
    expect(await kubectl('get csr mallory')).toMatch(/ Denied\n$/)
  })

  it('of a kubelet is approved by itself', async () => {
    const spec =
      'signerName: kubernetes.io/kube-apiserver-client-kubelet, usages: [digital signature, client auth]'
    await kubectl(
      'create clusterrolebinding self --clusterrole=system:certificates.k8s.io:certificatesigningrequests:selfnodeclient --group=system:nodes',
    )
    await kubectl(
      'create -f - --as system:node:node-1 --as-group system:nodes',
      request('node-1', '/O=system:nodes/CN=system:node:node-1', spec),
    )
    await kubectl('wait --for=jsonpath={.status.certificate} csr/node-1 --timeout=10s')
    expect(await kubectl('get csr node-1 -o jsonpath={.status.conditions[0].reason}')).toBe('AutoApproved')
    await kubectl('create -f -', request('not-a-node', '/CN=x', spec))
    await kubectl('certificate approve not-a-node')
    await kubectl('wait --for=condition=Failed csr/not-a-node --timeout=10s')
    expect(await kubectl('get csr not-a-node')).toMatch(/ Approved,Failed\n$/)
  })

  it('is refused for the group of administrators, and to those who may not approve', async () => {
    expect(await refused('apply -f -', request('root', '/CN=root/O=system:masters', CLIENT))).toContain(
      'certificatesigningrequests.certificates.k8s.io "root" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    )
    await kubectl('apply -f -', request('dave', '/CN=dave', CLIENT))
    await kubectl(
      'create clusterrole csr --verb=get,list,update --resource=certificatesigningrequests,certificatesigningrequests/approval',
    )
    await kubectl('create clusterrolebinding csr --clusterrole=csr --user=alice')
    expect(await refused('certificate approve dave --as alice')).toContain(
      'user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"',
    )
  })

  it('request must be one', async () => {
    const bad = (spec: string) =>
      refused(
        'create -f -',
        `{apiVersion: certificates.k8s.io/v1, kind: CertificateSigningRequest, metadata: {name: bad}, spec: {${spec}}}`,
      )
    expect(await bad(`request: aGk=, ${CLIENT}`)).toBe(
      'The CertificateSigningRequest "bad" is invalid: spec.request: Invalid value: []byte{0x68, 0x69}: PEM block type must be CERTIFICATE REQUEST\n',
    )
    expect(await bad('request: aGk=, signerName: x, usages: [fun]')).toMatch(
      /spec.usages\[0\]: Unsupported value: "fun": supported values: .*spec.signerName: Invalid value: "x": must be a fully qualified domain and path of the form/s,
    )
  })
})
