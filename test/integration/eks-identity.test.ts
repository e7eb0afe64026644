import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simulatedTarget } from '#checks/target.ts'
import { TargetClients } from '#checks/target-clients.ts'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { createCluster } from '../support/cluster.ts'
import { LabShell } from '../support/lab-shell.ts'

// https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html, …/pod-identities.html
let directory: string
let cloud: OwnedCloud
let shell: LabShell
let issuer: string
let account: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-identity-'))
  cloud = await startCloud({ directory })
  const world = await cloud.createWorld({ provisioning: 'instant' })
  await cloud.setSpeed(world.id, 10)
  account = world.accountId
  await createCluster(new TargetClients(simulatedTarget(world)), 'lab', 1)
  shell = await LabShell.open(world)
  issuer = await shell.ok(`aws eks update-kubeconfig --name lab >/dev/null
    aws eks describe-cluster --name lab --query cluster.identity.oidc.issuer --output text`)
}, 120_000)
afterAll(async () => {
  await shell.close()
  await cloud.stop()
  await rm(directory, { recursive: true })
})

const statement = (principal: object, action: string | string[], condition?: object) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: principal, Action: action, ...(condition && { Condition: condition }) },
    ],
  })
const pod = (name: string, account: string) => `
  kubectl run ${name} --image=busybox --overrides='{"spec":{"serviceAccountName":"${account}"}}' -- sleep 1d
  kubectl wait --for=condition=Ready pod/${name} --timeout=5m`

describe('IAM roles for service accounts', () => {
  const assume = `
    TOKEN=$(kubectl exec irsa -- cat /var/run/secrets/eks.amazonaws.com/serviceaccount/token)
    ROLE=$(kubectl get pod irsa -o jsonpath='{.spec.containers[0].env[?(@.name=="AWS_ROLE_ARN")].value}')
    aws sts assume-role-with-web-identity --role-arn $ROLE --role-session-name app --web-identity-token $TOKEN --no-sign-request`

  it('has an issuer with its keys at its own host', async () => {
    const discovery = JSON.parse(await shell.ok(`curl -fsS ${issuer}/.well-known/openid-configuration`))
    expect(discovery).toMatchObject({ issuer, jwks_uri: `${issuer}/keys` })
    const { keys } = JSON.parse(await shell.ok(`curl -fsS ${issuer}/keys`))
    expect(keys).toEqual([expect.objectContaining({ kty: 'RSA', alg: 'RS256', use: 'sig' })])
  })

  it('has the kinds of its VPC networking, and the leases of its API servers', async () => {
    expect(await shell.ok('kubectl get crd -o name | cut -d/ -f2')).toBe(
      'cninodes.vpcresources.k8s.aws\neniconfigs.crd.k8s.amazonaws.com\npolicyendpoints.networking.k8s.aws\nsecuritygrouppolicies.vpcresources.k8s.aws',
    )
    expect(await shell.ok('kubectl explain sgp.spec.securityGroups.groupIds')).toMatch(
      /KIND: +SecurityGroupPolicy\nVERSION: +v1beta1\n\nFIELD: groupIds <\[\]string>/,
    )
    await shell.write(
      'sgp.yaml',
      '{apiVersion: vpcresources.k8s.aws/v1beta1, kind: SecurityGroupPolicy, metadata: {name: db}, spec: {podSelector: {matchLabels: {role: db}}, securityGroups: {groupIds: [sg-1]}}}',
    )
    expect(await shell.ok('kubectl apply -f sgp.yaml && kubectl get sgp --no-headers')).toMatch(
      /^securitygrouppolicy.vpcresources.k8s.aws\/db created\ndb +\["sg-1"\]$/,
    )
    expect(
      await shell.fails('sed s/sg-1/1,2,3,4,5,6/ sgp.yaml | kubectl apply --validate=false -f -'),
    ).toContain('spec.securityGroups.groupIds: Too many: 6: must have at most 5 items')
    await shell.ok('kubectl delete sgp db')
    // https://kubernetes.io/docs/concepts/architecture/leases/#api-server-identity
    expect(
      await shell.ok(
        `kubectl -n kube-system get lease -l apiserver.kubernetes.io/identity=kube-apiserver -L kubernetes.io/hostname --no-headers`,
      ),
    ).toMatch(
      /^(?:apiserver-[a-z2-7]{26} +apiserver-[a-z2-7]{26}_[0-9a-f-]{36} +\w+ +ip-[\d-]+\.ec2\.internal\n?){2}$/,
    )
  })

  it('gives a pod a token that STS takes once provider and trust policy are right', async () => {
    const provider = issuer.replace('https://', '')
    const trust = (subject: string) =>
      statement(
        { Federated: `arn:aws:iam::${account}:oidc-provider/${provider}` },
        'sts:AssumeRoleWithWebIdentity',
        { StringEquals: { [`${provider}:sub`]: subject, [`${provider}:aud`]: 'sts.amazonaws.com' } },
      )
    await shell.write('trust.json', trust('system:serviceaccount:default:other'))
    await shell.ok(`
      aws iam create-role --role-name app --assume-role-policy-document file://trust.json
      kubectl create serviceaccount app
      kubectl annotate serviceaccount app eks.amazonaws.com/role-arn=arn:aws:iam::${account}:role/app
      ${pod('irsa', 'app')}`)
    const env = await shell.ok('kubectl exec irsa -- env')
    expect(env).toContain(
      'AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/eks.amazonaws.com/serviceaccount/token',
    )
    // As containerd and runc put it together: the image's variables, the pod's, those of services, HOME.
    expect(env).toMatch(/^PATH=.*\nHOSTNAME=irsa\n[\s\S]*AWS_[\s\S]*KUBERNETES_[\s\S]*\nHOME=\/root$/)
    expect(await shell.fails(assume)).toContain(
      `An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: No OpenIDConnect provider found in your account for ${issuer}`,
    )
    await shell.ok(`aws iam create-open-id-connect-provider --url ${issuer} --client-id-list example.com`)
    expect(await shell.fails(assume)).toContain(
      '(InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: Incorrect token audience',
    )
    const arn = `arn:aws:iam::${account}:oidc-provider/${provider}`
    await shell.ok(
      `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ${arn} --client-id sts.amazonaws.com`,
    )
    expect(await shell.fails(assume)).toContain(
      '(AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity',
    )
    await shell.write('trust.json', trust('system:serviceaccount:default:app'))
    await shell.ok('aws iam update-assume-role-policy --role-name app --policy-document file://trust.json')
    const answer = JSON.parse(await shell.ok(assume))
    expect(answer).toMatchObject({
      AssumedRoleUser: { Arn: `arn:aws:sts::${account}:assumed-role/app/app` },
      SubjectFromWebIdentityToken: 'system:serviceaccount:default:app',
      Audience: 'sts.amazonaws.com',
    })
    const forged = assume.replace('$TOKEN --no', '"${TOKEN%.*}.AAAA" --no')
    expect(await shell.fails(forged)).toContain('(InvalidIdentityToken)')
  })
})

describe('EKS Pod Identity', () => {
  const ask = `kubectl exec identity -- sh -c 'curl -s -m 5 -H "Authorization: $(cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)" $AWS_CONTAINER_CREDENTIALS_FULL_URI'`

  it('needs an association, the agent, and a role that trusts it', async () => {
    await shell.write('trust.json', statement({ Service: 'pods.eks.amazonaws.com' }, 'sts:AssumeRole'))
    await shell.ok(`
      aws iam create-role --role-name pods --assume-role-policy-document file://trust.json
      aws eks create-pod-identity-association --cluster-name lab --namespace default --service-account id --role-arn arn:aws:iam::${account}:role/pods
      kubectl create serviceaccount id
      kubectl run identity --image=nginx --overrides='{"spec":{"serviceAccountName":"id"}}' --command -- sleep 1d
      kubectl wait --for=condition=Ready pod/identity --timeout=5m`)
    expect((await shell.run(ask)).code).toBe(7)
    await shell.ok(`aws eks create-addon --cluster-name lab --addon-name eks-pod-identity-agent
      aws eks wait addon-active --cluster-name lab --addon-name eks-pod-identity-agent
      kubectl -n kube-system rollout status daemonset/eks-pod-identity-agent --timeout=5m`)
    expect(await shell.ok(ask)).toContain(
      '(AccessDeniedException): Unauthorized Exception! EKS does not have permissions to assume the associated role.',
    )
    await shell.write(
      'trust.json',
      statement({ Service: 'pods.eks.amazonaws.com' }, ['sts:AssumeRole', 'sts:TagSession']),
    )
    await shell.ok('aws iam update-assume-role-policy --role-name pods --policy-document file://trust.json')
    const given = JSON.parse(await shell.ok(ask))
    expect(given).toMatchObject({ AccountId: account, Token: expect.any(String) })
    const who = await shell.ok('aws sts get-caller-identity --query Arn --output text', {
      AWS_ACCESS_KEY_ID: given.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: given.SecretAccessKey,
      AWS_SESSION_TOKEN: given.Token,
    })
    expect(who).toMatch(new RegExp(`^arn:aws:sts::${account}:assumed-role/pods/eks-lab-identity-`))
    expect(
      await shell.ok(
        'aws eks list-pod-identity-associations --cluster-name lab --query "associations[].serviceAccount" --output text',
      ),
    ).toBe('id')
  })

  it('of an add-on comes and goes with it', async () => {
    await shell.ok(
      `aws eks create-addon --cluster-name lab --addon-name aws-efs-csi-driver --pod-identity-associations serviceAccount=efs-csi-controller-sa,roleArn=arn:aws:iam::${account}:role/pods`,
    )
    const owner = () =>
      shell.ok(`for id in $(aws eks list-pod-identity-associations --cluster-name lab --namespace kube-system --query 'associations[].associationId' --output text)
        do aws eks describe-pod-identity-association --cluster-name lab --association-id $id --query 'association.[serviceAccount,ownerArn]' --output text; done`)
    expect(await owner()).toMatch(/^efs-csi-controller-sa\tarn:aws:eks:.*:addon\/lab\/aws-efs-csi-driver\//)
    await shell.ok('aws eks delete-addon --cluster-name lab --addon-name aws-efs-csi-driver')
    expect(await owner()).toBe('')
  })
})

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
describe('the instance metadata service', () => {
  it('answers pods with a token, unless the hop limit keeps them out', { timeout: 240_000 }, async () => {
    await shell.ok(`kubectl run metadata --image=curlimages/curl --command -- sleep 1d
      kubectl run host --image=curlimages/curl --overrides='{"spec":{"hostNetwork":true}}' --command -- sleep 1d
      kubectl wait --for=condition=Ready pod/metadata pod/host --timeout=5m`)
    const ask = (pod: string, script: string) => shell.run(`kubectl exec ${pod} -- sh -c '${script}'`)
    const base = 'http://169.254.169.254/latest'
    const token = `TOKEN=$(curl -s -m 3 -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" ${base}/api/token)`
    const get = (path: string) => `curl -s -H "X-aws-ec2-metadata-token: $TOKEN" ${base}${path}`
    expect((await ask('metadata', `curl -s -o /dev/null -w %{http_code} ${base}/meta-data/`)).stdout).toBe(
      '401',
    )
    const instance = await shell.ok(
      "kubectl get nodes -o jsonpath='{.items[0].spec.providerID}' | sed 's|.*/||'",
    )
    const told = await ask(
      'metadata',
      `${token}; ${get('/meta-data/instance-id')}; echo; ${get('/meta-data/placement/region')}; echo; ${get('/meta-data/iam/security-credentials/')}`,
    )
    expect(told.stdout.split('\n')).toEqual([instance, 'us-east-1', 'lab-node'])
    const given = await ask('metadata', `${token}; ${get('/meta-data/iam/security-credentials/lab-node')}`)
    const { AccessKeyId, SecretAccessKey, Token } = JSON.parse(given.stdout)
    const keys = {
      AWS_ACCESS_KEY_ID: AccessKeyId,
      AWS_SECRET_ACCESS_KEY: SecretAccessKey,
      AWS_SESSION_TOKEN: Token,
    }
    expect(await shell.ok('aws sts get-caller-identity --query Arn --output text', keys)).toBe(
      `arn:aws:sts::${account}:assumed-role/lab-node/${instance}`,
    )
    await shell.ok(
      `aws ec2 modify-instance-metadata-options --instance-id ${instance} --http-put-response-hop-limit 1`,
    )
    expect((await ask('metadata', `${token}; echo code $?`)).stdout).toBe('code 28')
    expect((await ask('host', `${token}; ${get('/meta-data/instance-id')}`)).stdout).toBe(instance)
  })
})

// https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html
describe('aws-auth', () => {
  it('turns managed nodes away when it no longer names their role, and lets them in when it does', async () => {
    await shell.ok(`
      kubectl -n kube-system get configmap aws-auth -o yaml | grep -v resourceVersion >aws-auth.yaml
      kubectl -n kube-system delete configmap aws-auth
      kubectl wait --for=condition=Ready=Unknown nodes --all --timeout=10m
      kubectl apply -f aws-auth.yaml
      kubectl wait --for=condition=Ready nodes --all --timeout=10m`)
  }, 120_000)
})
