import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { KubernetesObject } from '../api.ts'

const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io'
/** Comes with the VPC CNI; EKS makes the others in each cluster. */
const OF_CNI = 'eniconfigs.crd.k8s.amazonaws.com'

interface Definition {
  resource: string
  object: KubernetesObject
}

let read: Definition[] | undefined

/** The kinds of a cluster's VPC networking, new at each call. */
function definitions(): Definition[] {
  read ??= (
    parse(readFileSync(new URL('vpc-definitions.yaml', import.meta.url), 'utf8')) as KubernetesObject[]
  ).map((object) => ({ resource: DEFINITIONS, object }))
  return structuredClone(read)
}

export const cniDefinitions = (): Definition[] =>
  definitions().filter(({ object }) => object.metadata.name === OF_CNI)

export const eksDefinitions = (): Definition[] =>
  definitions().filter(({ object }) => object.metadata.name !== OF_CNI)
