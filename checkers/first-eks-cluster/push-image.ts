import { DescribeImagesCommand, DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'
import { type CheckContext, unlessMissing } from '#checks/checker.ts'
import { LESSONS, REPOSITORY, TAG } from './names.ts'

const PAGE = 'usr/share/nginx/html/index.html'
const SOURCE = 'site/index.html'

/** The learner's page is in an image in ECR. */
export async function pushImage(t: CheckContext): Promise<void> {
  const ecr = t.aws(ECRClient)
  const answer = await unlessMissing(
    ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [REPOSITORY] })),
    'RepositoryNotFoundException',
  )
  const repository = t.found(answer?.repositories?.[0], {
    id: 'no-repository',
    title: `The repository ${REPOSITORY} exists`,
    expected: `a private ECR repository named ${REPOSITORY}`,
    observed: 'there is none of that name',
    evidence: "aws ecr describe-repositories --query 'repositories[].repositoryName'",
    cause: 'Unlike Docker Hub, ECR does not make a repository when you push to it.',
    hint: `Create it: aws ecr create-repository --repository-name ${REPOSITORY}`,
    lesson: LESSONS.names,
  })
  const uri = repository.repositoryUri!

  const { imageDetails = [] } = await ecr.send(new DescribeImagesCommand({ repositoryName: REPOSITORY }))
  t.expect(imageDetails.length > 0, {
    id: 'no-image',
    title: 'The repository has an image',
    expected: `an image pushed to ${uri}`,
    observed: 'the repository is empty',
    evidence: `aws ecr list-images --repository-name ${REPOSITORY}`,
    cause: 'The image is only in your Docker engine: it was not pushed, or the push was refused.',
    hint: `Log in to the registry, give the image the name ${uri}:${TAG} with docker tag, and run docker push.`,
    lesson: LESSONS.names,
  })
  const tags = imageDetails.flatMap(({ imageTags = [] }) => imageTags)
  t.expect(tags.includes(TAG), {
    id: `no-tag-${TAG}`,
    title: `The image has the tag ${TAG}`,
    expected: `a tag ${TAG}`,
    observed: `tags: ${tags.join(', ') || 'none'}`,
    seen: `${uri}:${TAG}`,
    evidence: `aws ecr list-images --repository-name ${REPOSITORY}`,
    cause: 'Without a tag Docker means latest, which says nothing about the version.',
    hint: `docker tag site:v1 ${uri}:${TAG} && docker push ${uri}:${TAG}`,
    lesson: LESSONS.names,
  })
  await expectPage(t, uri)
}

/** Looks into the image itself, through the registry's own API. */
async function expectPage(t: CheckContext, uri: string): Promise<void> {
  const registry = t.registry(uri.slice(0, uri.indexOf('/')))
  const manifest = t.found(await registry.manifest(REPOSITORY, TAG), {
    id: 'image-for-another-platform',
    title: `${TAG} is an image for linux/amd64`,
    expected: 'an image for linux/amd64, which the nodes run',
    observed: `${uri}:${TAG} has none`,
    evidence: `docker manifest inspect ${uri}:${TAG}`,
    cause: 'Docker builds for the machine that it runs on; Apple’s newer ones are arm64.',
    hint: 'Build again with --platform linux/amd64.',
  })
  const [inside, source] = await Promise.all([
    registry.readFile(REPOSITORY, manifest, PAGE),
    t.files.read(SOURCE),
  ])
  const same = inside !== undefined && inside.toString('utf8').trim() === source?.trim()
  t.expect(same, {
    id: 'page-not-in-image',
    title: 'The image contains your page',
    expected: `/${PAGE} in the image is the same as ~/${SOURCE}`,
    observed: inside ? 'the image has another page' : 'the image has no such file',
    evidence: `docker history ${uri}:${TAG}`,
    cause: inside?.includes('Welcome to nginx')
      ? 'This is the page of nginx: the base image was pushed instead of the one built from site/.'
      : 'The page was changed after the build, or another image was tagged.',
    hint: `Build, tag and push again: docker build -t site:${TAG} site`,
    lesson: LESSONS.layers,
  })
}
