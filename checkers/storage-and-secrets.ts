import { DescribeVolumesCommand, EC2Client } from '@aws-sdk/client-ec2'
import {
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
} from '@aws-sdk/client-ecs'
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { V1PersistentVolume, V1Secret } from '@kubernetes/client-node'
import { type CheckContext, defineChecker, unlessMissing } from '#checks/checker.ts'
import { type Cluster, containersOf, eksCluster, existing, readyDeployment } from './lib/cluster.ts'
import { expectEncryptedSecrets } from './lib/encryption.ts'
import { boundClaim, expectEbsDriver } from './lib/volumes.ts'

const CLUSTER = 'harbor'
const ALIAS = 'alias/harbor-data'

/** The ARN of the learner's key (`no-key`). */
async function ownKey(t: CheckContext): Promise<string> {
  const answer = await unlessMissing(
    t.aws(KMSClient).send(new DescribeKeyCommand({ KeyId: ALIAS })),
    'NotFoundException',
  )
  const key = t.found(answer?.KeyMetadata, {
    id: 'no-key',
    title: `Your key has the name ${ALIAS}`,
    expected: `a KMS key with the alias ${ALIAS}`,
    observed: 'there is none',
    evidence: 'aws kms list-aliases',
    cause: 'The key was not created, or has no name.',
    hint: `aws kms create-alias --alias-name ${ALIAS} --target-key-id <key>`,
  })
  return key.Arn!
}

const notesReady = (t: CheckContext, cluster: Cluster) =>
  readyDeployment(t, cluster, { name: 'notes', hint: 'kubectl apply -f notes.yaml' })

async function volume(t: CheckContext): Promise<void> {
  const key = await ownKey(t)
  await expectEbsDriver(t, CLUSTER)
  const cluster = await eksCluster(t)
  await boundClaim(t, cluster, 'notes', 'kubectl apply -f storage.yaml -f notes.yaml')
  const { Volumes = [] } = await t.aws(EC2Client).send(
    new DescribeVolumesCommand({
      Filters: [{ Name: 'tag:kubernetes.io/created-for/pvc/name', Values: ['notes'] }],
    }),
  )
  t.expect(
    Volumes.some(({ KmsKeyId }) => KmsKeyId === key),
    {
      id: 'not-your-key',
      title: 'Its EBS volume is encrypted with your key',
      expected: key,
      observed: Volumes[0]?.Encrypted ? `encrypted with ${Volumes[0].KmsKeyId}` : 'not encrypted',
      evidence: `aws ec2 describe-volumes --filters Name=tag:kubernetes.io/created-for/pvc/name,Values=notes --query 'Volumes[].[Encrypted,KmsKeyId]'`,
      cause:
        'The class names no key, so EBS takes the one of AWS. A volume keeps the key that it was made with.',
      hint: 'Delete the claim and the class, write kmsKeyId into storage.yaml, and apply both again.',
    },
  )
  await notesReady(t, cluster)
}

async function keep(t: CheckContext): Promise<void> {
  const cluster = await eksCluster(t)
  const claim = await boundClaim(t, cluster, 'notes', 'kubectl apply -f again.yaml')
  const size = claim.status?.capacity?.storage
  t.expect(size === '2Gi', {
    id: 'not-grown',
    title: 'The volume has 2 GiB',
    expected: '2Gi',
    observed: size ?? 'no size yet',
    evidence: 'kubectl get pvc notes',
    cause: 'The claim asks for 1Gi, or the driver has not grown it yet.',
    hint: `kubectl patch pvc notes --patch '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}'`,
  })
  const volume = await cluster.get<V1PersistentVolume>('v1/PersistentVolume', claim.spec!.volumeName!)
  const policy = volume?.spec?.persistentVolumeReclaimPolicy
  t.expect(policy === 'Retain', {
    id: 'not-retained',
    title: 'It stays when its claim goes',
    expected: 'the reclaim policy Retain',
    observed: `${policy}`,
    evidence: 'kubectl get pv',
    cause: 'Delete is the default of a class. With it the data goes with the claim.',
    hint: `kubectl patch pv ${claim.spec!.volumeName} --patch '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`,
  })
  const made = (object: { metadata?: { creationTimestamp?: Date | string } } | undefined) =>
    new Date(object?.metadata?.creationTimestamp ?? 0).getTime()
  // A driver makes a volume for a claim that is there; a claim that is younger has taken over an old volume.
  t.expect(made(claim) > made(volume), {
    id: 'claim-never-lost',
    title: 'The claim was lost, and another one has the volume',
    expected: 'a claim that is younger than its volume',
    observed: 'the first claim is still there',
    evidence: 'kubectl get pvc,pv --sort-by=.metadata.creationTimestamp',
    cause: 'The claim was not deleted, or the new one got a new volume.',
    hint: 'kubectl delete -f notes.yaml; kubectl delete pvc notes. Then remove claimRef from the volume, write its name into again.yaml, and apply that.',
  })
  await notesReady(t, cluster)
}

async function encrypt(t: CheckContext): Promise<void> {
  const cluster = await eksCluster(t)
  await existing<V1Secret>(t, cluster, 'v1/Secret', 'db', {
    cause: 'It was not created, under another name, or as a ConfigMap.',
    hint: "kubectl create secret generic db --from-literal=password='…'",
  })
  await expectEncryptedSecrets(t, CLUSTER)
  const app = await readyDeployment(t, cluster, { name: 'app', hint: 'kubectl apply -f app.yaml' })
  const [container] = containersOf(app)
  const asVariable =
    container?.env?.some(({ valueFrom }) => valueFrom?.secretKeyRef?.name === 'db') ||
    container?.envFrom?.some(({ secretRef }) => secretRef?.name === 'db')
  const asFile = app.spec?.template.spec?.volumes?.some(({ secret }) => secret?.secretName === 'db')
  t.expect(Boolean(asFile) && !asVariable, {
    id: 'secret-as-variable',
    title: 'app reads it from a file',
    expected: 'a volume from the Secret db, and no environment variable from it',
    observed: asVariable ? 'a variable' : 'neither',
    evidence: "kubectl get deployment app -o jsonpath='{.spec.template.spec}'",
    cause: 'Variables show up in crash reports, in children of the program, and never change while it runs.',
    hint: 'kubectl delete deployment app; kubectl apply -f app.yaml',
  })
}

async function secretsManager(t: CheckContext): Promise<void> {
  const answer = await unlessMissing(
    t.aws(SecretsManagerClient).send(new DescribeSecretCommand({ SecretId: 'app/db' })),
    'ResourceNotFoundException',
  )
  const secret = t.found(answer, {
    id: 'no-secret',
    title: 'The secret app/db exists',
    expected: 'a secret app/db in Secrets Manager',
    observed: 'there is none',
    evidence: `aws secretsmanager list-secrets --query 'SecretList[].Name'`,
    cause: 'It was not created, under another name, or it is scheduled for deletion.',
    hint: `aws secretsmanager create-secret --name app/db --secret-string … --kms-key-id ${ALIAS}`,
  })
  const key = await ownKey(t)
  t.expect(secret.KmsKeyId === ALIAS || secret.KmsKeyId === key, {
    id: 'secret-of-aws-key',
    title: 'Your key encrypts it',
    expected: ALIAS,
    observed: secret.KmsKeyId ?? 'aws/secretsmanager, a key of AWS',
    evidence: 'aws secretsmanager describe-secret --secret-id app/db --query KmsKeyId',
    cause: 'It was created without --kms-key-id.',
    hint: `aws secretsmanager update-secret --secret-id app/db --kms-key-id ${ALIAS}`,
  })
  const ecs = t.aws(ECSClient)
  const described = await unlessMissing(
    ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'app' })),
    'ClientException',
  )
  const container = t.found(described?.taskDefinition?.containerDefinitions?.[0], {
    id: 'no-task-definition',
    title: 'A task definition app exists',
    expected: 'a task definition of the family app',
    observed: 'there is none',
    evidence: 'aws ecs list-task-definitions',
    cause: 'It was not registered yet.',
    hint: 'aws ecs register-task-definition --cli-input-json file://task.json',
  })
  const named = container.secrets?.some(({ valueFrom = '' }) => valueFrom.startsWith(secret.ARN!))
  t.expect(named === true && (container.environment ?? []).length === 0, {
    id: 'password-in-the-open',
    title: 'It names where the password is, and not the password',
    expected: 'secrets with the ARN of app/db, and no environment',
    observed: container.environment?.length ? 'a value in environment' : 'no secret',
    evidence: `aws ecs describe-task-definition --task-definition app --query 'taskDefinition.containerDefinitions[0].[secrets,environment]'`,
    cause: 'What stands in a task definition can be read by everybody who may describe it, for ever.',
    hint: 'Write "secrets": [{ "name": "DB_PASSWORD", "valueFrom": "<ARN>" }], register it again.',
  })
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster: CLUSTER, family: 'app' }))
  const { taskArns: stopped = [] } = await ecs.send(
    new ListTasksCommand({ cluster: CLUSTER, family: 'app', desiredStatus: 'STOPPED' }),
  )
  const all = [...taskArns, ...stopped]
  const { tasks = [] } = all.length
    ? await ecs.send(new DescribeTasksCommand({ cluster: CLUSTER, tasks: all }))
    : {}
  t.expect(
    tasks.some(({ lastStatus }) => lastStatus === 'RUNNING'),
    {
      id: 'task-not-running',
      title: 'A task runs with it',
      expected: 'a task of app that is RUNNING',
      observed: tasks.map(({ lastStatus }) => lastStatus).join(', ') || 'no task',
      evidence: `aws ecs describe-tasks --cluster ${CLUSTER} --tasks ${all[0] ?? '<arn>'} --query 'tasks[0].[lastStatus,stoppedReason]'`,
      cause:
        tasks.find(({ stoppedReason }) => stoppedReason)?.stoppedReason ??
        'No task was run, or it is starting.',
      hint: 'Rights of the execution role first (policy.json), then aws ecs run-task again.',
    },
  )
}

export default defineChecker({
  lab: 'storage-and-secrets',
  steps: { volume, keep, encrypt, 'secrets-manager': secretsManager },
})
