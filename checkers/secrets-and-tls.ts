import { X509Certificate } from 'node:crypto'
import type { V1Pod, V1Secret, V1Service } from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import {
  type Cluster,
  containersOf,
  existing,
  kindCluster,
  readyDeployment,
  targetPort,
} from './lib/cluster.ts'
import { printed, shownCertificate } from './lib/processes.ts'

const decode = (value: string | undefined) => value && Buffer.from(value, 'base64').toString()

async function findSecret(t: CheckContext, cluster: Cluster, name: string, id: string): Promise<V1Secret> {
  return await existing<V1Secret>(t, cluster, 'v1/Secret', name, {
    id,
    cause:
      'It was not created yet, or has another name. Pods that name it wait: CreateContainerConfigError, or FailedMount.',
    hint: `kubectl create secret … ${name}; kubectl create secret --help lists the kinds`,
  })
}

async function handOver(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const secret = await findSecret(t, cluster, 'db', 'no-secret')
  t.expect(secret.data?.password !== undefined, {
    id: 'no-key-password',
    title: 'The Secret has the key password',
    expected: 'a key password',
    observed: `keys: ${Object.keys(secret.data ?? {}).join(', ')}`,
    evidence: 'kubectl describe secret db',
    cause: 'Keys are case-sensitive, and app.yaml asks for password.',
    hint: 'kubectl create secret generic db --from-literal=password=…',
  })
  const app = await readyDeployment(t, cluster, { name: 'app', hint: 'kubectl apply -f app.yaml' })
  const variables = containersOf(app).flatMap(({ env = [] }) => env)
  const password = decode(secret.data?.password)
  const open = variables.find(({ value }) => value !== undefined && value === password)
  t.expect(!open, {
    id: 'password-in-manifest',
    title: 'The password does not stand in the Deployment',
    expected: 'a reference to the Secret',
    observed: `${open?.name} has the password as its value`,
    evidence: 'kubectl get deployment app -o yaml',
    cause: 'Whoever may read Deployments can read it, and it lands in git with the manifest.',
    hint: 'Use valueFrom.secretKeyRef, as in app.yaml.',
  })
  t.expect(
    variables.some(({ valueFrom }) => valueFrom?.secretKeyRef?.name === 'db'),
    {
      id: 'not-handed-over',
      title: 'The program gets the password from the Secret',
      expected: 'a variable with secretKeyRef db',
      observed: `variables: ${variables.map(({ name }) => name).join(', ') || 'none'}`,
      evidence: 'kubectl get deployment app -o yaml',
      hint: 'kubectl apply -f app.yaml',
    },
  )
}

async function rotate(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const secret = await findSecret(t, cluster, 'db', 'no-secret')
  t.expect(decode(secret.data?.password) === 'tide-77', {
    id: 'secret-not-changed',
    title: 'The Secret holds the new password',
    expected: 'tide-77',
    observed: 'another password',
    evidence: "kubectl get secret db -o jsonpath='{.data.password}' | base64 -d",
    cause: 'New pods read the Secret, they do not change it.',
    hint: 'Write it anew with kubectl create secret … --dry-run=client -o yaml | kubectl apply -f -',
  })
  await readyDeployment(t, cluster, { name: 'app', hint: 'kubectl apply -f app.yaml' })
  for (const pod of await cluster.pods('default', 'app=app')) {
    const used = await printed(cluster, pod, ['printenv', 'DB_PASSWORD'])
    t.expect(used === 'tide-77', {
      id: 'old-password-in-use',
      title: `${pod.metadata!.name} runs with the new password`,
      expected: 'tide-77 as its DB_PASSWORD',
      observed: used === undefined ? 'its process has no DB_PASSWORD' : 'another password',
      evidence: 'kubectl exec deployment/app -- printenv DB_PASSWORD',
      cause: 'A process gets its variables when it starts and never again.',
      hint: 'kubectl rollout restart deployment/app',
    })
  }
}

async function serveTls(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const secret = await findSecret(t, cluster, 'shop-tls', 'no-tls-secret')
  t.expect(secret.type === 'kubernetes.io/tls', {
    id: 'wrong-secret-type',
    title: 'shop-tls is a TLS Secret',
    expected: 'type kubernetes.io/tls',
    observed: `type ${secret.type}`,
    evidence: 'kubectl get secret shop-tls',
    cause:
      'The type of a Secret says what is in it, and cannot be changed. Ingress controllers take no other for certificates.',
    hint: 'Delete it and use: kubectl create secret tls shop-tls --cert=tls.crt --key=tls.key',
  })
  const certificate = new X509Certificate(Buffer.from(secret.data!['tls.crt']!, 'base64'))
  t.expect(certificate.checkHost('shop.default.svc') !== undefined, {
    id: 'wrong-name',
    title: 'The certificate is for shop.default.svc',
    expected: 'the name shop.default.svc',
    observed: certificate.subjectAltName ?? certificate.subject,
    evidence: 'openssl x509 -in tls.crt -noout -text | grep -A1 Alternative',
    cause: 'Clients compare the name that they call with the names in the certificate.',
    hint: 'Make it again with subjectAltName=DNS:shop.default.svc, and the Secret too.',
  })
  await readyDeployment(t, cluster, { name: 'shop', hint: 'kubectl apply -f shop.yaml' })
  const service = await cluster.get<V1Service>('v1/Service', 'shop', 'default')
  t.expect(service?.spec?.ports?.some(({ port }) => port === 443) ?? false, {
    id: 'no-https-service',
    title: 'The Service shop has port 443',
    expected: 'port 443',
    observed: service
      ? `ports ${service.spec?.ports?.map(({ port }) => port).join(', ')}`
      : 'no Service shop',
    evidence: 'kubectl get service shop',
    hint: 'kubectl apply -f shop.yaml',
  })
  for (const pod of await cluster.pods('default', 'app=shop')) {
    const port = targetPort(service!, 443, pod)
    const shown = await shownCertificate(cluster, pod, port)
    t.expect(shown?.fingerprint256 === certificate.fingerprint256, {
      id: 'old-certificate-in-use',
      title: `${pod.metadata!.name} shows this certificate`,
      expected: `the certificate of shop-tls, serial number ${certificate.serialNumber}`,
      observed: shown ? `serial number ${shown.serialNumber}` : `nobody speaks TLS on its port ${port}`,
      evidence:
        'kubectl port-forward deployment/shop 8443:443, and in another terminal: openssl s_client -connect 127.0.0.1:8443 </dev/null | openssl x509 -noout -serial',
      cause: 'nginx reads its certificate when it starts. It still serves the one before.',
      hint: 'kubectl rollout restart deployment/shop',
    })
  }
  const client = await existing<V1Pod>(t, cluster, 'v1/Pod', 'client', {
    cause: 'Nobody has asked the server yet.',
    hint: 'kubectl apply -f client.yaml',
  })
  const phase = client.status?.phase
  t.expect(phase === 'Succeeded', {
    id: 'client-not-served',
    title: 'The client got the page and trusts the server',
    expected: 'phase Succeeded',
    observed: `phase ${phase}`,
    evidence: 'kubectl logs client',
    cause:
      phase === 'Failed'
        ? 'curl gave up: the certificate that it trusts is not the one that the server shows.'
        : 'It is still starting, or waits for the ConfigMap trust.',
    hint: 'Put the newest tls.crt into the ConfigMap trust, delete the pod client and apply client.yaml again.',
  })
}

export default defineChecker({
  lab: 'secrets-and-tls',
  steps: { 'hand-over': handOver, rotate, 'serve-tls': serveTls },
})
