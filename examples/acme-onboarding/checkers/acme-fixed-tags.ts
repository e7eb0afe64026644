import { DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'
import { defineChecker, unlessMissing } from '#checks/checker.ts'

const NAME = '{{registry}}/ledger'

export default defineChecker({
  lab: 'acme-fixed-tags',
  steps: {
    async 'fix-tags'(t) {
      const answer = await unlessMissing(
        t.aws(ECRClient).send(new DescribeRepositoriesCommand({ repositoryNames: [NAME] })),
        'RepositoryNotFoundException',
      )
      const repository = t.found(answer?.repositories?.[0], {
        id: 'no-repository',
        title: `The repository ${NAME} is there`,
        observed: 'none of that name',
        evidence: 'aws ecr describe-repositories',
        hint: 'Create it with `aws ecr create-repository`.',
      })
      t.expect(repository.imageTagMutability === 'IMMUTABLE', {
        id: 'tags-can-move',
        title: 'Its tags are fixed',
        expected: 'IMMUTABLE',
        observed: repository.imageTagMutability ?? 'MUTABLE',
        evidence: `aws ecr describe-repositories --repository-names ${NAME}`,
        hint: 'Change it with `aws ecr put-image-tag-mutability`.',
      })
    },
  },
})
