/** Files of the sessions about resources of all kinds. */
export const RESOURCE_FILES: Record<string, string> = {
  'pod.yaml': `apiVersion: v1
kind: Pod
metadata: {name: tug, labels: {crew: one}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: registry.k8s.io/pause:3.10}]
`,
  'foo.yaml': `apiVersion: company.example/v1
kind: Foo
metadata: {name: one, labels: {prune: "yes"}}
someField: field1
otherField: field2
nested: {a: sub1, b: sub2}
`,
  'crds.yaml': `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: foos.company.example}
spec:
  group: company.example
  scope: Namespaced
  names: {plural: foos, kind: Foo}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: resources.mine.example}
spec:
  group: mine.example
  scope: Namespaced
  names: {plural: resources, singular: resource, kind: Kind, listKind: KindList, shortNames: [po]}
  versions: [{name: v1alpha1, served: true, storage: true, deprecated: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`,
  'boats/a.yaml': `apiVersion: v1
kind: Pod
metadata: {name: boat-a, labels: {app: boat-a}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: registry.k8s.io/pause:3.10}]
`,
  'boats/more/b.yaml': `apiVersion: v1
kind: Pod
metadata: {name: boat-b, labels: {app: boat-b}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: registry.k8s.io/pause:3.10}]
`,
  'boats/more/c.yaml': `apiVersion: v1
ind: Pod
metadata: {name: boat-c}
spec: {containers: [{name: main, image: registry.k8s.io/pause:3.10}]}
`,
}
