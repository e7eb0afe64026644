import {
  BatchGetImageCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetLifecyclePolicyCommand,
} from '@aws-sdk/client-ecr'
import { type CheckContext, unlessMissing } from '#checks/checker.ts'
import { containersOf } from '../lib/cluster.ts'
import { drill, mend, PROD } from './drill.ts'

/** A reference to an image of a registry, taken apart: `…/rates:v3`, `…/rates@sha256:…`. */
function referenceOf(image: string): { repository: string; tag?: string; digest?: string } {
  const [, repository = image, tag, digest] = /^[^/]+\/([^:@]+)(?::([^@]+))?(?:@(.+))?$/.exec(image) ?? []
  return { repository, ...(tag && { tag }), ...(digest && { digest }) }
}

async function digestOf(t: CheckContext, repositoryName: string, imageTag: string) {
  const { images = [] } = await t
    .aws(ECRClient)
    .send(new BatchGetImageCommand({ repositoryName, imageIds: [{ imageTag }] }))
  return images[0]?.imageId?.imageDigest
}

/** The digest of an image that a pod asks for. */
const runningDigest = async (t: CheckContext, image: string) => {
  const { repository, tag, digest } = referenceOf(image)
  return digest ?? (await digestOf(t, repository, tag ?? 'latest'))
}

interface LifecyclePolicy {
  rules: { selection: { tagStatus: string; countType: string; countNumber: number } }[]
}

export const expired = drill(async (t, cluster) => {
  const answer = await unlessMissing(
    t.aws(ECRClient).send(new GetLifecyclePolicyCommand({ repositoryName: 'gallery' })),
    'LifecyclePolicyNotFoundException',
  )
  const evidence =
    'aws ecr get-lifecycle-policy --repository-name gallery --query lifecyclePolicyText --output text'
  const text = t.found(answer?.lifecyclePolicyText, {
    id: 'gallery-policy-gone',
    title: 'The repository gallery has a lifecycle policy',
    expected: 'a policy',
    observed: 'none',
    evidence,
    cause: 'It was removed to keep the images. Then all of them stay, and are paid, for ever.',
    hint: 'aws ecr put-lifecycle-policy with a larger countNumber',
  })
  const { rules } = JSON.parse(text) as LifecyclePolicy
  const narrow = rules.find(
    ({ selection }) =>
      selection.tagStatus !== 'untagged' &&
      selection.countType === 'imageCountMoreThan' &&
      selection.countNumber < 10,
  )
  t.expect(!narrow, {
    id: 'gallery-expires-again',
    title: 'It keeps the ten newest images',
    expected: 'countNumber 10 or more',
    observed: `countNumber ${narrow?.selection.countNumber}`,
    evidence,
    cause: 'The next push lets the image that runs expire again.',
    hint: 'A policy is replaced as a whole: aws ecr put-lifecycle-policy --repository-name gallery …',
  })
  const gallery = await mend(t, cluster, 'gallery')
  const image = containersOf(gallery)[0]?.image ?? ''
  const { repository } = referenceOf(image)
  const untested = await digestOf(t, 'gallery', 'v2')
  t.expect(
    repository === 'gallery' && (untested === undefined || (await runningDigest(t, image)) !== untested),
    {
      id: 'gallery-untested',
      title: 'gallery runs version 1',
      expected: 'an image of version 1 from the repository gallery',
      observed: image,
      evidence: `kubectl get deployment gallery -n ${PROD} -o jsonpath='{.spec.template.spec.containers[0].image}'`,
      cause: 'Version 2 is there, but nobody has tested it.',
      hint: 'Build version 1 again from the folder gallery, and push it.',
    },
  )
})

export const immutable = drill(async (t, cluster) => {
  const { repositories = [] } = await t
    .aws(ECRClient)
    .send(new DescribeRepositoriesCommand({ repositoryNames: ['rates'] }))
  const mutability = repositories[0]?.imageTagMutability
  t.expect(mutability === 'IMMUTABLE', {
    id: 'rates-mutable',
    title: 'The tags of rates never move',
    expected: 'IMMUTABLE',
    observed: `${mutability}`,
    evidence: `aws ecr describe-repositories --repository-names rates --query 'repositories[0].imageTagMutability'`,
    cause: 'It was switched off to push over a tag. Then nobody can say what v3 was yesterday.',
    hint: 'aws ecr put-image-tag-mutability --repository-name rates --image-tag-mutability IMMUTABLE; then a tag of its own for the new image',
  })
  const rates = await mend(t, cluster, 'rates')
  const image = containersOf(rates)[0]?.image ?? ''
  const old = await digestOf(t, 'rates', 'v3')
  const running = await runningDigest(t, image)
  t.expect(referenceOf(image).repository === 'rates' && running !== undefined && running !== old, {
    id: 'rates-old-content',
    title: 'rates runs the corrected image',
    expected: 'an image of the repository rates that is not the one of the tag v3',
    observed: running === old ? `${image}, the same image as v3` : image,
    seen: running === old ? 'the same image as v3' : image,
    evidence: `aws ecr describe-images --repository-name rates --query 'imageDetails[].[imageDigest,imageTags]'`,
    cause: 'A tag is a name. What counts is the digest: a new name for the old image changes nothing.',
    hint: 'docker build in the folder rates, with a new tag; push; kubectl set image.',
  })
})
