import { DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'
import { type CheckContext, defineChecker, unlessMissing } from '#checks/checker.ts'
import { expectAnswers } from './lib/answers.ts'

interface EngineImage {
  RootFS: { Layers: string[] }
}

async function build(t: CheckContext): Promise<void> {
  const image = t.found(await t.docker<EngineImage>('/images/site:v1/json'), {
    id: 'no-image',
    title: 'The image site:v1 is in your engine',
    expected: 'an image site:v1',
    observed: 'there is none',
    evidence: 'docker images',
    cause: 'It was not built, or under another tag: without one docker means latest.',
    hint: 'docker build --tag site:v1 site',
  })
  const base = await t.docker<EngineImage>('/images/nginx:1.29/json')
  t.expect(!base || image.RootFS.Layers.length > base.RootFS.Layers.length, {
    id: 'no-page',
    title: 'It has your page in a layer of its own',
    expected: 'more layers than nginx:1.29',
    observed: 'the same layers',
    evidence: 'docker history site:v1',
    cause: 'The base image was tagged instead of a built one.',
    hint: 'docker build --tag site:v1 site',
  })
}

async function dockerHub(t: CheckContext): Promise<void> {
  const config = await t.files.read('.docker/config.json')
  const auth = config && JSON.parse(config).auths?.['https://index.docker.io/v1/']?.auth
  t.expect(Boolean(auth), {
    id: 'not-logged-in',
    title: 'You are logged in to Docker Hub',
    expected: 'a login for https://index.docker.io/v1/ in ~/.docker/config.json',
    observed: 'none',
    evidence: 'cat ~/.docker/config.json',
    cause: 'A push without a login is denied: requested access to the resource is denied.',
    hint: 'docker login --username learner; the password stands in docker-hub.txt',
  })
  const [account] = Buffer.from(auth, 'base64').toString().split(':')
  const manifest = await t
    .registry('registry-1.docker.io')
    .manifest(`${account}/site`, 'v1')
    .catch(() => undefined)
  t.expect(manifest !== undefined, {
    id: 'not-on-hub',
    title: `${account}/site:v1 is on Docker Hub`,
    expected: `an image ${account}/site:v1`,
    observed: 'there is none',
    evidence: `docker pull ${account}/site:v1`,
    cause: 'Without an account in front, the name means Docker’s own repository library/site.',
    hint: `docker tag site:v1 ${account}/site:v1, then docker push ${account}/site:v1`,
  })
}

async function ecr(t: CheckContext): Promise<void> {
  const answer = await unlessMissing(
    t.aws(ECRClient).send(new DescribeRepositoriesCommand({ repositoryNames: ['site'] })),
    'RepositoryNotFoundException',
  )
  const repository = t.found(answer?.repositories?.[0], {
    id: 'no-repository',
    title: 'The ECR repository site exists',
    expected: 'a repository site',
    observed: 'there is none',
    evidence: 'aws ecr describe-repositories',
    cause: 'ECR does not make a repository when an image comes.',
    hint: 'aws ecr create-repository --repository-name site',
  })
  const [host] = repository.repositoryUri!.split('/')
  t.expect((await t.registry(host!).manifest('site', 'v1')) !== undefined, {
    id: 'not-in-ecr',
    title: 'site:v1 is in ECR',
    expected: `an image ${repository.repositoryUri}:v1`,
    observed: 'no image with the tag v1',
    evidence: 'aws ecr list-images --repository-name site',
    cause:
      'docker tag only gives a name. A push without a login to this registry, or before the repository was made, is refused.',
    hint: `docker tag site:v1 ${repository.repositoryUri}:v1, then docker push ${repository.repositoryUri}:v1`,
  })
}

const compare = (t: CheckContext) =>
  expectAnswers(t, 'answers.yaml', [
    {
      key: 'same-digest',
      title: 'The digests are compared',
      right: ['yes', 'true'],
      why: { else: 'The digest is computed from the content, and you pushed the same content twice.' },
      evidence: `docker inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' site:v1`,
      hint: 'Read the column DIGEST for both names.',
    },
    {
      key: 'repository-first',
      title: 'Which registry wants a repository first is known',
      right: ['ecr'],
      choices: ['ecr', 'docker-hub'],
      why: { 'docker-hub': 'Docker Hub made yours when you pushed.' },
      hint: 'For which one did you run create-repository?',
    },
    {
      key: 'login-lasts',
      title: 'How long an ECR password lives is known',
      right: ['12', '12h', '12 hours'],
      why: { else: 'The text of the ECR step says it.' },
      evidence: 'aws ecr get-authorization-token --query authorizationData[0].expiresAt',
      hint: 'Compare expiresAt with the time now.',
    },
    {
      key: 'anonymous',
      title: 'Who may pull without a login is known',
      right: ['docker-hub'],
      choices: ['ecr', 'docker-hub', 'both', 'none'],
      why: {
        both: 'ECR answered: no basic auth credentials.',
        ecr: 'ECR answered: no basic auth credentials.',
        none: 'Docker Hub gave the image to a stranger: the repository is public.',
      },
      hint: 'Log out of both and pull.',
    },
  ])

export default defineChecker({
  lab: 'same-image-twice',
  steps: { build, 'docker-hub': dockerHub, ecr, compare },
})
