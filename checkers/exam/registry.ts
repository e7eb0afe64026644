import { DescribeRepositoriesCommand, ECRClient, GetLifecyclePolicyCommand } from '@aws-sdk/client-ecr'
import { type CheckContext, unlessMissing } from '#checks/checker.ts'
import { drawnNames } from '../lib/names.ts'

export async function repository(t: CheckContext): Promise<void> {
  const { repository: name } = await drawnNames(t)
  const answer = await unlessMissing(
    t.aws(ECRClient).send(new DescribeRepositoriesCommand({ repositoryNames: [name!] })),
    'RepositoryNotFoundException',
  )
  const evidence = `aws ecr describe-repositories --repository-names ${name}`
  const there = t.found(answer?.repositories?.[0], {
    id: 'no-repository',
    title: `The repository ${name} exists`,
    expected: `a private repository ${name}`,
    observed: 'there is none',
    evidence: `aws ecr describe-repositories --query 'repositories[].repositoryName'`,
    cause: 'It was not created yet, under another name, or in the public registry.',
    hint: 'aws ecr create-repository help',
  })
  t.expect(there.imageTagMutability === 'IMMUTABLE', {
    id: 'tags-can-change',
    title: 'Its tags never change',
    expected: 'IMMUTABLE',
    observed: `${there.imageTagMutability}`,
    evidence,
    cause: 'Tags can be moved unless you say otherwise.',
    hint: 'aws ecr put-image-tag-mutability help',
  })
  t.expect(there.imageScanningConfiguration?.scanOnPush === true, {
    id: 'not-scanned',
    title: 'Images are scanned when they are pushed',
    expected: 'scanOnPush true',
    observed: 'false',
    evidence,
    cause: 'It is off unless you say so.',
    hint: 'aws ecr put-image-scanning-configuration help',
  })
}

interface LifecyclePolicy {
  rules: { selection: { tagStatus: string; countType: string; countNumber: number } }[]
}

export async function lifecycle(t: CheckContext): Promise<void> {
  const answer = await unlessMissing(
    t.aws(ECRClient).send(new GetLifecyclePolicyCommand({ repositoryName: 'archive' })),
    'LifecyclePolicyNotFoundException',
  )
  const evidence =
    'aws ecr get-lifecycle-policy --repository-name archive --query lifecyclePolicyText --output text'
  const text = t.found(answer?.lifecyclePolicyText, {
    id: 'no-lifecycle',
    title: 'archive has a lifecycle policy',
    expected: 'a lifecycle policy',
    observed: 'none',
    evidence,
    cause: 'Without one all images stay, and cost.',
    hint: 'aws ecr put-lifecycle-policy help',
  })
  const rules = (JSON.parse(text) as LifecyclePolicy).rules.map(({ selection }) => selection)
  const rule = t.found(
    rules.find(({ tagStatus, countType }) => tagStatus === 'any' && countType === 'imageCountMoreThan'),
    {
      id: 'lifecycle-other-images',
      title: 'It counts all images',
      expected: 'tagStatus any, countType imageCountMoreThan',
      observed: rules.map(({ tagStatus, countType }) => `${tagStatus} ${countType}`).join(', '),
      evidence,
      cause: 'The rule selects some images only, or goes by age.',
      hint: '"tagStatus": "any"',
    },
  )
  t.expect(rule.countNumber === 5, {
    id: 'lifecycle-other-number',
    title: 'Five stay',
    expected: '5',
    observed: `${rule.countNumber}`,
    evidence,
    cause: 'Another number.',
    hint: 'countNumber',
  })
}
