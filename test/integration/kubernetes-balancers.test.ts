import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simulatedTarget } from '#checks/target.ts'
import { TargetClients } from '#checks/target-clients.ts'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { CertificateIssuer, createAuthority } from '#network/authority.ts'
import { createCluster, useCluster } from '../support/cluster.ts'
import { LabShell } from '../support/lab-shell.ts'
import { type Desk, transcript } from './transcript.ts'

let directory: string
let cloud: OwnedCloud
let shell: LabShell
let desk: Desk

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-balancers-'))
  cloud = await startCloud({ directory })
  const world = await cloud.createWorld({ provisioning: 'instant' })
  await cloud.setSpeed(world.id, 4)
  const clients = new TargetClients(simulatedTarget(world))
  await createCluster(clients, 'lab', 2)
  shell = await LabShell.open(world, 'bundled')
  desk = { folder: shell.home, env: shell.environment }
  await useCluster(shell, clients, 'lab')
  clients.close()
  await shell.write('ingress.yaml', INGRESS)
  await shell.write('trust.sh', TRUST)
})
afterAll(async () => {
  await shell.close()
  await cloud.stop()
  await rm(directory, { recursive: true })
})

const INGRESS = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    alb.ingress.kubernetes.io/scheme: internet-facing
    alb.ingress.kubernetes.io/target-type: ip
    alb.ingress.kubernetes.io/healthcheck-path: /
    alb.ingress.kubernetes.io/listen-ports: '[{"HTTP": 80}, {"HTTP": 8080}]'
spec:
  ingressClassName: alb
  rules:
  - http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /gone, pathType: Exact, backend: {service: {name: nope, port: {number: 80}}}}
  - host: other.example.com
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: other, port: {number: 80}}}}
`
/** The role of the controller's service account, as eksctl and the installation guide make it. */
const TRUST = `
ISSUER=$(aws eks describe-cluster --name lab --query cluster.identity.oidc.issuer --output text)
ACCOUNT=$(aws sts get-caller-identity --query Account --output text)
NAME=\${ISSUER#https://}
aws iam create-open-id-connect-provider --url $ISSUER --client-id-list sts.amazonaws.com >/dev/null
aws iam create-role --role-name balancers --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
  "Principal":{"Federated":"arn:aws:iam::'$ACCOUNT':oidc-provider/'$NAME'"},"Action":"sts:AssumeRoleWithWebIdentity",
  "Condition":{"StringEquals":{"'$NAME':aud":"sts.amazonaws.com","'$NAME':sub":"system:serviceaccount:kube-system:aws-load-balancer-controller"}}}]}' >/dev/null
aws iam put-role-policy --role-name balancers --policy-name balancers --policy-document \\
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["elasticloadbalancing:*","ec2:*","acm:ListCertificates","acm:DescribeCertificate"],"Resource":"*"}]}'
kubectl annotate serviceaccount -n kube-system aws-load-balancer-controller eks.amazonaws.com/role-arn=arn:aws:iam::$ACCOUNT:role/balancers
`

const poll = { timeout: 30_000, interval: 250 }
const curl =
  (path: string, options = '') =>
  async () =>
    (
      await shell.run(
        `curl -sS -o /dev/null -w '%{http_code}' ${options} http://$(kubectl get ingress web -o jsonpath='{.status.loadBalancer.ingress[0].hostname}')${path}`,
      )
    ).stdout

// Source: https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/ (deploy/installation, guide/ingress/annotations,
// guide/service/nlb) and its pkg/ingress and pkg/service.
describe('an Ingress', () => {
  it('gets nothing from a class that has no controller', () =>
    transcript(
      desk,
      `
      $ kubectl create deployment web --image=nginx:1.29 --replicas=2
      deployment.apps/web created
      $ kubectl expose deployment web --port=80
      service/web exposed
      $ kubectl create deployment other --image=httpd:2.4
      deployment.apps/other created
      $ kubectl expose deployment other --port=80
      service/other exposed
      $ kubectl apply -f ingress.yaml
      ingress.networking.k8s.io/web created
      $ kubectl get ingress
      NAME CLASS HOSTS ADDRESS PORTS AGE
      web alb other.example.com 80 …
      $ kubectl describe ingress web | tail -n 1
      Events: <none>
      `,
    ))

  it('waits for the rights of the controller, and says what is missing', async () => {
    await transcript(
      desk,
      `
      $ helm repo add eks https://aws.github.io/eks-charts
      "eks" has been added to your repositories
      $ helm search repo eks/aws-load-balancer-controller
      NAME CHART VERSION APP VERSION DESCRIPTION
      eks/aws-load-balancer-controller 1.14.1 v2.14.1 AWS Load Balancer Controller Helm chart for Kub...
      $ helm install aws-load-balancer-controller eks/aws-load-balancer-controller -n kube-system
      Error: INSTALLATION FAILED: execution error at (aws-load-balancer-controller/templates/deployment.yaml:…): Chart cannot be installed without a valid clusterName!
      [exit 1]
      $ helm install aws-load-balancer-controller eks/aws-load-balancer-controller -n kube-system --set clusterName=lab
      NAME: aws-load-balancer-controller
      LAST DEPLOYED: …
      NAMESPACE: kube-system
      STATUS: deployed
      REVISION: 1
      …
      NOTES:
      AWS Load Balancer controller installed!
      $ kubectl rollout status -n kube-system deployment aws-load-balancer-controller --timeout=60s
      …
      deployment "aws-load-balancer-controller" successfully rolled out
      $ kubectl get ingressclass
      NAME   CONTROLLER            PARAMETERS                             AGE
      alb    ingress.k8s.aws/alb   IngressClassParams.elbv2.k8s.aws/alb   …
      `,
    )
    await expect
      .poll(() => shell.ok('kubectl describe ingress web'), poll)
      .toMatch(
        /Warning +FailedDeployModel +\S+ .* ingress +Failed deploy model due to operation error Elastic Load Balancing v2: DescribeLoadBalancers, https response error StatusCode: 403, RequestID: \S+, api error AccessDenied: User: arn:aws:sts::\d+:assumed-role\/lab-node\/i-\w+ is not authorized to perform: elasticloadbalancing:DescribeLoadBalancers because no identity-based policy allows/,
      )
  })

  it('has an application load balancer whose rules lead to its Services', async () => {
    await shell.ok(
      'sh trust.sh; kubectl rollout restart -n kube-system deployment aws-load-balancer-controller',
    )
    await transcript(
      desk,
      `
      $ kubectl rollout status -n kube-system deployment aws-load-balancer-controller --timeout=60s
      …
      deployment "aws-load-balancer-controller" successfully rolled out
      $ kubectl wait ingress/web --for=jsonpath='{.status.loadBalancer.ingress[0].hostname}' --timeout=50s
      ingress.networking.k8s.io/web condition met
      $ kubectl get ingress
      NAME CLASS HOSTS ADDRESS PORTS AGE
      web alb other.example.com k8s-default-web-….us-east-1.elb.amazonaws.com 80 …
      $ kubectl get targetgroupbindings
      NAME SERVICE-NAME SERVICE-PORT TARGET-TYPE AGE
      k8s-default-other-… other 80 ip …
      k8s-default-web-… web 80 ip …
      $ kubectl get events --field-selector reason=SuccessfullyReconciled
      LAST SEEN TYPE REASON OBJECT MESSAGE
      … Normal SuccessfullyReconciled ingress/web Successfully reconciled
      $ aws elbv2 describe-load-balancers --query 'LoadBalancers[].[Type,Scheme]' --output text
      application internet-facing
      $ aws elbv2 describe-target-groups --query 'TargetGroups[].[TargetType,HealthCheckPath,HealthCheckIntervalSeconds]' --output text
      ip / 15
      ip / 15
      `,
    )
    await expect.poll(curl('/'), poll).toBe('200')
    await expect.poll(curl(':8080/any/where'), poll).toBe('404')
    await expect.poll(curl('/gone'), poll).toBe('503')
    await expect.poll(curl('/', '-H "Host: other.example.com"'), poll).toBe('200')
  })

  // Source: guide/ingress/annotations (ssl, listen-ports), guide/ingress/cert_discovery, guide/ingress/ingress_class.
  it('ends TLS with certificates that it names or that are found for its hosts, and sends HTTP there', async () => {
    const warning = () => shell.ok('kubectl events --for ingress/web --types=Warning | tail -n 1')
    await shell.ok(`kubectl annotate ingress web --overwrite alb.ingress.kubernetes.io/ssl-redirect='443'`)
    await expect
      .poll(warning, poll)
      .toContain('Failed build model due to listener does not exist for SSLRedirect port: 443')
    await shell.ok(
      `kubectl annotate ingress web --overwrite alb.ingress.kubernetes.io/listen-ports='[{"HTTP": 80}, {"HTTPS": 443}]'`,
    )
    await expect
      .poll(warning, poll)
      .toContain('Failed build model due to no certificate found for host: other.example.com')
    const authority = await createAuthority('example', Date.now())
    const { certificate, privateKey } = await new CertificateIssuer(authority, Date.now).issue(
      '*.example.com',
    )
    await shell.write('cert.pem', certificate)
    await shell.write('key.pem', privateKey)
    const arn = await shell.ok(
      'aws acm import-certificate --certificate fileb://cert.pem --private-key fileb://key.pem --query CertificateArn --output text',
    )
    await shell.ok('kubectl label ingress web try=again')
    await expect.poll(curl('/'), poll).toBe('301')
    const secure = `curl -sSk -o /dev/null -w '%{http_code}' https://$(kubectl get ingress web -o jsonpath='{.status.loadBalancer.ingress[0].hostname}')/`
    await expect.poll(() => shell.ok(secure), poll).toBe('200')
    await transcript(
      desk,
      `
      $ aws elbv2 describe-listeners --load-balancer-arn $(aws elbv2 describe-load-balancers --query 'LoadBalancers[0].LoadBalancerArn' --output text) --query 'sort_by(Listeners, &Port)[].[Port,Protocol,SslPolicy,Certificates[0].CertificateArn,DefaultActions[0].Type]' --output text
      80 HTTP None None redirect
      443 HTTPS ELBSecurityPolicy-2016-08 ${arn} fixed-response
      $ kubectl patch ingressclassparams alb --type=merge -p '{"spec":{"loadBalancerAttributes":[{"key":"idle_timeout.timeout_seconds","value":"120"}],"sslPolicy":"ELBSecurityPolicy-TLS13-1-2-2021-06"}}'
      ingressclassparams.elbv2.k8s.aws/alb patched
      `,
    )
    const policy = `aws elbv2 describe-listeners --load-balancer-arn $(aws elbv2 describe-load-balancers --query 'LoadBalancers[0].LoadBalancerArn' --output text) --query 'Listeners[?Port==\`443\`].SslPolicy' --output text`
    await expect.poll(() => shell.ok(policy), poll).toBe('ELBSecurityPolicy-TLS13-1-2-2021-06')
  })

  it('says why its model cannot be built', () =>
    transcript(
      desk,
      `
      $ kubectl annotate ingress web --overwrite alb.ingress.kubernetes.io/target-type=instance
      ingress.networking.k8s.io/web annotated
      $ kubectl events --for ingress/web --types=Warning | tail -n 1
      … Warning FailedBuildModel Ingress/web Failed build model due to TargetGroup port is empty. When using Instance targets, your service must be of type 'NodePort' or 'LoadBalancer'
      $ kubectl annotate ingress web --overwrite alb.ingress.kubernetes.io/target-type=ip alb.ingress.kubernetes.io/scheme=public
      ingress.networking.k8s.io/web annotated
      $ kubectl events --for ingress/web --types=Warning | tail -n 1
      … Warning FailedBuildModel Ingress/web Failed build model due to unknown scheme: public
      `,
    ))

  it('takes its load balancer with it', () =>
    transcript(
      desk,
      `
      $ kubectl delete ingress web
      ingress.networking.k8s.io "web" deleted from default namespace
      $ aws elbv2 describe-load-balancers --query 'LoadBalancers[].LoadBalancerName' --output text
      $ aws elbv2 describe-target-groups --query 'TargetGroups[].TargetGroupName' --output text
      $ kubectl get targetgroupbindings
      No resources found in default namespace.
      `,
    ))
})

describe('a Service', () => {
  const service = (name: string, annotations: string) =>
    `kubectl create -f - <<'END'\n> {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "${name}", "annotations": {${annotations}}},\n> "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]}}\n> END`
  const type = '"service.beta.kubernetes.io/aws-load-balancer-type"'

  it('has a network load balancer of the controller, or of the cloud provider', async () => {
    await transcript(
      desk,
      `
      $ ${service('external', `${type}: "external", "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "ip", "service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"`).replaceAll('\n', '\n      ')}
      service/external created
      $ ${service('intree', `${type}: "nlb"`).replaceAll('\n', '\n      ')}
      service/intree created
      $ kubectl wait service/external service/intree --for=jsonpath='{.status.loadBalancer.ingress[0].hostname}' --timeout=50s
      service/external condition met
      service/intree condition met
      $ kubectl get service external intree
      NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE
      external LoadBalancer 10.100.… k8s-default-external-….elb.us-east-1.amazonaws.com 80:…/TCP …
      intree LoadBalancer 10.100.… a….elb.us-east-1.amazonaws.com 80:…/TCP …
      $ aws elbv2 describe-target-groups --query 'sort(TargetGroups[].TargetType)' --output text
      instance ip
      `,
    )
    for (const name of ['external', 'intree']) {
      const host = `$(kubectl get service ${name} -o jsonpath='{.status.loadBalancer.ingress[0].hostname}')`
      const ask = async () =>
        (await shell.run(`curl -sS -o /dev/null -w '%{http_code}' -m 5 http://${host}/`)).stdout
      await expect.poll(ask, poll).toBe('200')
    }
    await transcript(
      desk,
      `
      $ kubectl delete service external intree
      service "external" deleted from default namespace
      service "intree" deleted from default namespace
      $ aws elbv2 describe-load-balancers --query 'LoadBalancers[].LoadBalancerName' --output text
      `,
    )
  })
})

it('leads a node’s public address and port to a Service once a rule opens it, and tells browsers of all doors', async () => {
  await shell.ok(
    'kubectl create service nodeport web2 --tcp=80 --node-port=30080; kubectl set selector service web2 app=web',
  )
  const address = await shell.ok(
    `kubectl get nodes -o jsonpath='{.items[0].status.addresses[?(@.type=="ExternalIP")].address}'`,
  )
  const ask = `curl -sS -o /dev/null -w '%{http_code}' http://${address}:30080`
  expect((await shell.run(ask)).code).not.toBe(0)
  await shell.ok(
    `aws ec2 authorize-security-group-ingress --protocol tcp --port 30080 --cidr 0.0.0.0/0 --group-id \
      $(aws eks describe-cluster --name lab --query cluster.resourcesVpcConfig.clusterSecurityGroupId --output text)`,
  )
  expect(await shell.ok(ask)).toBe('200')
  expect(await cloud.doors(shell.world.id)).toContainEqual({
    kind: 'node-port',
    name: 'default/web2',
    address: `http://${address}:30080/`,
  })
})
