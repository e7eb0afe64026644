/** What a step's check depends on: which changes make it worth running again. */
export interface StepWatch {
  /** AWS services: `eks`, `ec2`, `iam`. */
  aws?: string[]
  /** Kubernetes resources by their plural names, in any cluster: `pods`, `services`. */
  kubernetes?: string[]
  /** Files in the learner's home folder: `answers.yaml`, `.kube/config`. */
  files?: string[]
}

/** The store prefixes to follow for a step. */
export function watchPrefixes(watch: StepWatch): string[] {
  return [...(watch.aws?.length ? ['aws/'] : []), ...(watch.kubernetes?.length ? ['kubernetes/'] : [])]
}

/**
 * Whether a change of a store key (`aws/<account>/<region>/<service>/…`, `kubernetes/<cluster>/<group>/<resource>/…`)
 * concerns a step.
 */
export function concerns(watch: StepWatch, key: string): boolean {
  const [root, , , part] = key.split('/')
  if (root === 'aws') return watch.aws?.includes(part!) ?? false
  if (root === 'kubernetes') return watch.kubernetes?.includes(part!) ?? false
  return false
}
