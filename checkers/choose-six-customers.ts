import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { expectAnswers, type Question } from './lib/answers.ts'

const FILE = 'answers.yaml'

/** A decision for a customer and the reason for it: two questions. */
function decision(
  customer: string,
  choice: { right: string; of: string[]; why: string },
  reason: { right: string; of: string[]; why: string },
): Question[] {
  const wrong = ({ right, of, why }: typeof choice) =>
    Object.fromEntries(of.filter((each) => each !== right).map((each) => [each, why]))
  return [
    {
      key: customer,
      title: `The decision for ${customer} fits`,
      right: [choice.right],
      choices: choice.of,
      why: wrong(choice),
      evidence: 'cat customers.md',
      hint: `Read what ${customer} has, and what it will never do.`,
    },
    {
      key: `${customer}-reason`,
      title: `The reason for ${customer} is the one that decides`,
      right: [reason.right],
      choices: reason.of,
      why: wrong(reason),
      evidence: 'cat customers.md',
      hint: 'Which sentence, if it were not there, would turn your decision?',
    },
  ]
}

const ORCHESTRATORS = ['ecs', 'eks']
const REASONS = ['knowledge', 'portability', 'ecosystem']

const orchestrator = (t: CheckContext) =>
  expectAnswers(t, FILE, [
    ...decision(
      'bakery',
      {
        right: 'ecs',
        of: ORCHESTRATORS,
        why: 'Two services, no Kubernetes knowledge and no plan to leave AWS: EKS would cost time and money for what nobody asks.',
      },
      {
        right: 'knowledge',
        of: REASONS,
        why: 'They never leave AWS and want nobody’s charts. What they lack is Kubernetes knowledge.',
      },
    ),
    ...decision(
      'bank',
      {
        right: 'eks',
        of: ORCHESTRATORS,
        why: 'ECS task definitions do not run in a data centre without AWS; their manifests do.',
      },
      {
        right: 'portability',
        of: REASONS,
        why: 'What decides is that the same manifests must run in two places.',
      },
    ),
    ...decision(
      'studio',
      {
        right: 'eks',
        of: ORCHESTRATORS,
        why: 'Helm charts and operators need a Kubernetes API; ECS has none.',
      },
      { right: 'ecosystem', of: REASONS, why: 'They want what others have built for Kubernetes.' },
    ),
  ])

const PLANES = ['eks', 'self-managed']
const PLANE_REASONS = ['control', 'operations']

const controlPlane = (t: CheckContext) =>
  expectAnswers(t, FILE, [
    ...decision(
      'factory',
      {
        right: 'self-managed',
        of: PLANES,
        why: 'The control plane of EKS is in a region of AWS. Without a connection nobody can steer the nodes.',
      },
      {
        right: 'control',
        of: PLANE_REASONS,
        why: 'Running it costs them more operations, not less. They need what EKS does not let them touch.',
      },
    ),
    ...decision(
      'shop',
      { right: 'eks', of: PLANES, why: 'Two engineers without a night shift cannot run etcd.' },
      {
        right: 'operations',
        of: PLANE_REASONS,
        why: 'They need no flag of the API server; they need sleep.',
      },
    ),
  ])

const REGISTRIES = ['ecr', 'docker-hub']
const REGISTRY_REASONS = ['public', 'iam']

const registry = (t: CheckContext) =>
  expectAnswers(t, FILE, [
    ...decision(
      'hobby',
      {
        right: 'docker-hub',
        of: REGISTRIES,
        why: 'A private registry of an AWS account is not found by its name, and nobody pulls from it without permission.',
      },
      {
        right: 'public',
        of: REGISTRY_REASONS,
        why: 'Nobody who pulls it has an AWS account to ask IAM for.',
      },
    ),
    ...decision(
      'clinic',
      { right: 'ecr', of: REGISTRIES, why: 'For Docker Hub a password would have to lie in the cluster.' },
      { right: 'iam', of: REGISTRY_REASONS, why: 'Nothing is public here. IAM roles of the nodes decide.' },
    ),
  ])

export default defineChecker({
  lab: 'choose-six-customers',
  steps: { orchestrator, 'control-plane': controlPlane, registry },
})
