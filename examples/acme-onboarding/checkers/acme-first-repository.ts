import { DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'
import { defineChecker, unlessMissing } from '#checks/checker.ts'

const NAME = '{{registry}}/checkout'

export default defineChecker({
  lab: 'acme-first-repository',
  steps: {
    async 'create-repository'(t) {
      const answer = await unlessMissing(
        t.aws(ECRClient).send(new DescribeRepositoriesCommand({ repositoryNames: [NAME] })),
        'RepositoryNotFoundException',
      )
      t.expect(answer !== undefined, {
        id: 'no-repository',
        title: `The repository ${NAME} is there`,
        expected: `a repository ${NAME} in {{region}}`,
        observed: 'none of that name',
        evidence: 'aws ecr describe-repositories',
        hint: 'Create it with `aws ecr create-repository`.',
      })
    },
  },
})
