import {
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetLifecyclePolicyCommand,
  GetRepositoryPolicyCommand,
  type Repository,
} from '@aws-sdk/client-ecr'
import { type CheckContext, defineChecker, unlessMissing } from '#checks/checker.ts'

const repositoryName = 'app'
const PARTNER = '444455556666'

async function findRepository(t: CheckContext): Promise<Repository> {
  const answer = await unlessMissing(
    t.aws(ECRClient).send(new DescribeRepositoriesCommand({ repositoryNames: [repositoryName] })),
    'RepositoryNotFoundException',
  )
  return t.found(answer?.repositories?.[0], {
    id: 'no-repository',
    title: 'The repository app exists',
    expected: 'a repository app in ECR',
    observed: 'there is none',
    evidence: 'aws ecr describe-repositories',
    hint: 'aws ecr create-repository --repository-name app --image-tag-mutability IMMUTABLE',
  })
}

async function immutable(t: CheckContext): Promise<void> {
  const repository = await findRepository(t)
  t.expect(repository.imageTagMutability === 'IMMUTABLE', {
    id: 'tags-can-move',
    title: 'Its tags cannot be moved',
    expected: 'imageTagMutability IMMUTABLE',
    observed: repository.imageTagMutability ?? 'not set',
    evidence:
      "aws ecr describe-repositories --repository-names app --query 'repositories[0].imageTagMutability'",
    cause: 'MUTABLE is what a repository gets when you say nothing.',
    hint: 'aws ecr put-image-tag-mutability --repository-name app --image-tag-mutability IMMUTABLE',
  })
  for (const imageTag of ['v1', 'v2']) {
    const images = await unlessMissing(
      t.aws(ECRClient).send(new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag }] })),
      'ImageNotFoundException',
    )
    t.expect(Boolean(images?.imageDetails?.length), {
      id: `no-${imageTag}`,
      title: `app:${imageTag} was pushed`,
      expected: `an image with the tag ${imageTag}`,
      observed: 'none',
      evidence: 'aws ecr list-images --repository-name app',
      hint: `Build it, tag it <registry>/app:${imageTag} and push it.`,
    })
  }
}

async function scan(t: CheckContext): Promise<void> {
  const repository = await findRepository(t)
  t.expect(repository.imageScanningConfiguration?.scanOnPush ?? false, {
    id: 'no-scan-on-push',
    title: 'Images are scanned when they arrive',
    expected: 'scanOnPush true',
    observed: 'false',
    evidence:
      "aws ecr describe-repositories --repository-names app --query 'repositories[0].imageScanningConfiguration'",
    cause: 'A scan by hand looks once, at one image.',
    hint: 'aws ecr put-image-scanning-configuration --repository-name app --image-scanning-configuration scanOnPush=true',
  })
  const answer = await unlessMissing(
    t
      .aws(ECRClient)
      .send(new DescribeImageScanFindingsCommand({ repositoryName, imageId: { imageTag: 'v1' } })),
    'ScanNotFoundException',
  )
  const status = answer?.imageScanStatus?.status
  t.expect(status === 'COMPLETE' || status === 'ACTIVE', {
    id: 'v1-not-scanned',
    title: 'app:v1 is scanned',
    expected: 'a complete scan of v1',
    observed: status ?? 'no scan',
    evidence: 'aws ecr describe-image-scan-findings --repository-name app --image-id imageTag=v1',
    cause: 'It was pushed before scan on push was on.',
    hint: 'aws ecr start-image-scan --repository-name app --image-id imageTag=v1',
  })
}

async function lifecycle(t: CheckContext): Promise<void> {
  const answer = await unlessMissing(
    t.aws(ECRClient).send(new GetLifecyclePolicyCommand({ repositoryName })),
    'LifecyclePolicyNotFoundException',
    'RepositoryNotFoundException',
  )
  const text = t.found(answer?.lifecyclePolicyText, {
    id: 'no-lifecycle-policy',
    title: 'app has a lifecycle policy',
    expected: 'a policy that lets old images go',
    observed: 'none',
    evidence: 'aws ecr get-lifecycle-policy --repository-name app',
    cause: 'A preview only shows what would be taken.',
    hint: 'aws ecr put-lifecycle-policy --repository-name app --lifecycle-policy-text file://lifecycle.json',
  })
  const { rules } = JSON.parse(text) as { rules: { selection: { countType: string; countNumber: number } }[] }
  const counts = rules.filter(({ selection }) => selection.countType === 'imageCountMoreThan')
  t.expect(
    counts.every(({ selection }) => selection.countNumber >= 2),
    {
      id: 'keeps-too-few',
      title: 'It keeps enough to go back',
      expected: 'at least two images',
      observed: `${counts[0]?.selection.countNumber}`,
      evidence:
        'aws ecr get-lifecycle-policy --repository-name app --query lifecyclePolicyText --output text',
      cause: 'With one image kept, the version before is gone when you need it.',
      hint: 'countNumber 10, as in lifecycle.json',
    },
  )
}

async function share(t: CheckContext): Promise<void> {
  const answer = await unlessMissing(
    t.aws(ECRClient).send(new GetRepositoryPolicyCommand({ repositoryName })),
    'RepositoryPolicyNotFoundException',
    'RepositoryNotFoundException',
  )
  const text = t.found(answer?.policyText, {
    id: 'no-policy',
    title: 'app has a repository policy',
    expected: 'a policy',
    observed: 'none',
    evidence: 'aws ecr get-repository-policy --repository-name app',
    hint: 'aws ecr set-repository-policy --repository-name app --policy-text file://policy.json',
  })
  const { Statement } = JSON.parse(text) as {
    Statement: { Effect: string; Principal: unknown; Action: string | string[] }[]
  }
  const allowed = Statement.filter(({ Effect }) => Effect === 'Allow')
  const principals = JSON.stringify(allowed.map(({ Principal }) => Principal))
  t.expect(!principals.includes('"*"'), {
    id: 'open-to-all',
    title: 'Not everybody may pull',
    expected: 'the partner’s account as the principal',
    observed: 'the principal *',
    evidence: 'aws ecr get-repository-policy --repository-name app --query policyText --output text',
    cause: 'The star means every AWS account in the world.',
    hint: `Use arn:aws:iam::${PARTNER}:root.`,
  })
  t.expect(principals.includes(PARTNER), {
    id: 'partner-missing',
    title: 'The partner is named',
    expected: `the account ${PARTNER}`,
    observed: principals,
    evidence: 'aws ecr get-repository-policy --repository-name app --query policyText --output text',
    hint: `Use arn:aws:iam::${PARTNER}:root as the principal.`,
  })
  const actions = allowed.flatMap(({ Action }) => Action)
  t.expect(!actions.some((action) => /\*|PutImage|Upload|Delete/.test(action)), {
    id: 'partner-may-push',
    title: 'The partner may only pull',
    expected: 'BatchGetImage, GetDownloadUrlForLayer, BatchCheckLayerAvailability',
    observed: actions.join(', '),
    evidence: 'aws ecr get-repository-policy --repository-name app --query policyText --output text',
    cause: 'PutImage, uploads or a star let the partner change your images.',
    hint: 'Leave the three actions of policy.json.',
  })
}

export default defineChecker({
  lab: 'private-immutable-scanned',
  steps: { immutable, scan, lifecycle, share },
})
