/** What a step's check depends on: which changes make it worth running again. */
export interface StepWatch {
  /** AWS services by the names of the AWS CLI: `eks`, `ec2`, `iam`, `elb`. */
  aws?: string[]
  /** Image repositories, in any registry: `site`. */
  repositories?: string[]
  /** Kubernetes resources by their plural names, in any cluster: `pods`, `services`. */
  kubernetes?: string[]
  /** Things of the Docker Engine: `containers`, `images`. */
  docker?: string[]
  /** Files in the learner's home folder: `answers.yaml`, `.kube/config`. */
  files?: string[]
}

/** The store prefixes to follow for a step. */
export function watchPrefixes(watch: StepWatch): string[] {
  return [
    ...(watch.aws?.length ? ['aws/'] : []),
    ...(watch.repositories?.length ? ['registry/'] : []),
    ...(watch.kubernetes?.length ? ['kubernetes/'] : []),
    ...(watch.docker?.length ? ['docker/'] : []),
  ]
}

/**
 * Whether a change of a store key concerns a step: `aws/<account>/<region>/<service>/…`,
 * `registry/<host>/<repository>/_tags/…`, `kubernetes/<cluster>/<group>/<resource>/…`.
 */
export function concerns(watch: StepWatch, key: string): boolean {
  const [root, kind, , part] = key.split('/')
  if (root === 'aws') return watch.aws?.includes(part!) ?? false
  if (root === 'registry') {
    return (
      watch.repositories?.some(
        (name) => key.includes(`/${name}/_tags/`) || key.includes(`/${name}/_manifests/`),
      ) ?? false
    )
  }
  if (root === 'kubernetes') return watch.kubernetes?.includes(part!) ?? false
  if (root === 'docker') return watch.docker?.includes(kind!) ?? false
  return false
}
