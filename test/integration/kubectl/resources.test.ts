import { afterAll, beforeAll, describe, it } from 'vitest'
import type { KubectlCluster } from '../kubernetes-server.ts'
import { transcript } from '../transcript.ts'
import { desk } from './desk.ts'
import { RESOURCE_FILES } from './resource-files.ts'

// Source: what test/cmd/crd.sh, generic-resources.sh, exec.sh and run.sh of kubernetes/kubernetes assert.

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await desk(RESOURCE_FILES)
})
afterAll(() => cluster.close())

describe('kubectl and', () => {
  it('custom resources', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl create -f crds.yaml
      customresourcedefinition.apiextensions.k8s.io/foos.company.example created
      customresourcedefinition.apiextensions.k8s.io/resources.mine.example created
      $ kubectl wait --for=condition=Established crd --all
      customresourcedefinition.apiextensions.k8s.io/foos.company.example condition met
      customresourcedefinition.apiextensions.k8s.io/resources.mine.example condition met
      $ kubectl api-resources --api-group=mine.example
      NAME        SHORTNAMES   APIVERSION              NAMESPACED   KIND
      resources   po           mine.example/v1alpha1   true         Kind
      $ kubectl get foos
      No resources found in default namespace.
      $ kubectl create -f foo.yaml
      foo.company.example/one created
      $ kubectl get foo,foos.company.example,foos.v1.company.example -o name
      foo.company.example/one
      $ kubectl get foos
      NAME   AGE
      one    …
      $ kubectl get foos/one -o wide
      NAME   AGE
      one    …
      $ kubectl get foos/one -o yaml
      apiVersion: company.example/v1
      kind: Foo
      metadata:
        creationTimestamp: "…"
        generation: 1
        labels:
          prune: "yes"
        name: one
        namespace: default
        resourceVersion: "…"
        uid: …
      nested:
        a: sub1
        b: sub2
      otherField: field2
      someField: field1
      $ kubectl get foos -o 'jsonpath={.items[*].someField}{"\n"}' --allow-missing-template-keys=false
      field1
      $ kubectl get foos/one -o 'go-template={{.someField}}{{"\n"}}'
      field1
      $ kubectl patch foos/one -p '{"patched":"value1"}' --type=merge
      foo.company.example/one patched
      $ kubectl patch foos/one -p '{"patched":null}' --type=merge
      foo.company.example/one patched
      $ kubectl patch foos/one -p '{"patched":"value1"}'
      error: application/strategic-merge-patch+json is not supported by company.example/v1, Kind=Foo: the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml
      [exit 1]
      $ kubectl get foos/one -o json > foo.json; kubectl patch --local -f foo.json -p '{"patched":"value3"}'
      error: strategic merge patch is not supported for company.example/v1, Kind=Foo locally, try --type merge
      [exit 1]
      $ kubectl patch --local -f foo.json -p '{"patched":"value3"}' --type=merge -o jsonpath='{.patched}{"\n"}'
      value3
      $ kubectl label foos --all listed=true
      foo.company.example/one labeled
      $ kubectl annotate foo/one noted=true
      foo.company.example/one annotated
      $ kubectl describe foos/one
      Name:         one
      Namespace:    default
      Labels:       listed=true
                    prune=yes
      Annotations:  noted: true
      API Version:  company.example/v1
      Kind:         Foo
      Metadata:
        Creation Timestamp:  …
        Generation:          3
        Resource Version:    …
        UID:                 …
      Nested:
        A:          sub1
        B:          sub2
      Other Field:  field2
      Some Field:   field1
      Events:       <none>
      $ kubectl delete foos one --cascade=background
      foo.company.example "one" deleted from default namespace
      $ kubectl apply -f foo.yaml
      foo.company.example/one created
      $ kubectl apply -f foo.yaml
      foo.company.example/one unchanged
      $ sed 's/b: sub2/c: sub3/; s/sub1/changed/; /otherField/d' foo.yaml > foo2.yaml; kubectl apply -f foo2.yaml
      foo.company.example/one configured
      $ kubectl get foo one -o jsonpath='{.nested} {.otherField}{"\n"}'
      {"a":"changed","c":"sub3"} 
      $ sed 's/name: one/name: two/' foo.yaml | kubectl apply --prune -l prune=yes -f - --prune-allowlist=company.example/v1/Foo
      foo.company.example/two created
      foo.company.example/one pruned
      $ kubectl get foos -o name
      foo.company.example/two
      $ printf 'apiVersion: mine.example/v1alpha1\nkind: Kind\nmetadata: {name: thing}\n' | kubectl create -f -
      kind.mine.example/thing created
      $ kubectl get resource/thing -o name
      kind.mine.example/thing
      $ kubectl get kind.mine.example/thing -o name
      kind.mine.example/thing
      $ kubectl get po
      Warning: short name "po" could also match lower priority resource resources.mine.example
      No resources found in default namespace.
      $ kubectl get resources --warnings-as-errors
      NAME    AGE
      thing   …
      $ kubectl explain foo
      GROUP:      company.example
      KIND:       Foo
      VERSION:    v1

      DESCRIPTION:
          <empty>
      FIELDS:
        apiVersion	<string>
          APIVersion defines the versioned schema of this representation of an object.
          Servers should convert recognized schemas to the latest internal value, and
          may reject unrecognized values. More info:
          https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources

        kind	<string>
          Kind is a string value representing the REST resource this object
          represents. Servers may infer this from the endpoint the client submits
          requests to. Cannot be updated. In CamelCase. More info:
          https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds

        metadata	<ObjectMeta>
          Standard object's metadata. More info:
          https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata
      $ kubectl get foos --watch-only -o name > seen & until [ -s seen ]; do kubectl patch foo two --type=merge -p '{"a":'$((n=n+1))'}' > patched; done; kill $!; cat patched; sort -u seen
      foo.company.example/two patched
      foo.company.example/two
      $ kubectl create ns bay
      namespace/bay created
      $ kubectl create -f foo.yaml -n bay
      foo.company.example/one created
      $ kubectl delete ns bay
      namespace "bay" deleted
      $ kubectl get foos -A
      NAMESPACE   NAME   AGE
      default     two    …
      $ kubectl delete -f crds.yaml
      customresourcedefinition.apiextensions.k8s.io "foos.company.example" deleted
      customresourcedefinition.apiextensions.k8s.io "resources.mine.example" deleted
      `,
    ))

  it('folders', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl create -f boats --recursive
      pod/boat-a created
      pod/boat-b created
      error: error validating "boats/more/c.yaml": error validating data: kind not set; if you choose to ignore these errors, turn validation off with --validate=false
      [exit 1]
      $ kubectl get -f boats -R -o name
      pod/boat-a
      pod/boat-b
      error: unable to decode "boats/more/c.yaml": Object 'Kind' is missing in '{"apiVersion":"v1","ind":"Pod","metadata":{"name":"boat-c"},"spec":{"containers":[{"image":"registry.k8s.io/pause:3.10","name":"main"}]}}'
      [exit 1]
      $ kubectl describe -f boats -R --show-events=false | grep '^Name:'
      unable to decode "boats/more/c.yaml": Object 'Kind' is missing in '{"apiVersion":"v1","ind":"Pod","metadata":{"name":"boat-c"},"spec":{"containers":[{"image":"registry.k8s.io/pause:3.10","name":"main"}]}}'
      Name:             boat-a
      Name:             boat-b
      $ kubectl annotate -f boats -R note=a
      pod/boat-a annotated
      pod/boat-b annotated
      error: unable to decode "boats/more/c.yaml": Object 'Kind' is missing in '{"apiVersion":"v1","ind":"Pod","metadata":{"name":"boat-c"},"spec":{"containers":[{"image":"registry.k8s.io/pause:3.10","name":"main"}]}}'
      [exit 1]
      $ kubectl label -f boats -R note=a
      pod/boat-a labeled
      pod/boat-b labeled
      error: unable to decode "boats/more/c.yaml": Object 'Kind' is missing in '{"apiVersion":"v1","ind":"Pod","metadata":{"name":"boat-c"},"spec":{"containers":[{"image":"registry.k8s.io/pause:3.10","name":"main"}]}}'
      [exit 1]
      $ kubectl patch -f boats -R -p '{"spec":{"containers":[{"name":"main","image":"registry.k8s.io/pause:3.9"}]}}'
      pod/boat-a patched
      pod/boat-b patched
      error: unable to decode "boats/more/c.yaml": Object 'Kind' is missing in '{"apiVersion":"v1","ind":"Pod","metadata":{"name":"boat-c"},"spec":{"containers":[{"image":"registry.k8s.io/pause:3.10","name":"main"}]}}'
      [exit 1]
      $ kubectl get pods -o jsonpath='{.items[*].spec.containers[0].image}{"\n"}'
      registry.k8s.io/pause:3.9 registry.k8s.io/pause:3.9
      $ EDITOR=cat kubectl edit -f boats -R
      error: unable to decode "boats/more/c.yaml": Object 'Kind' is missing in '{"apiVersion":"v1","ind":"Pod","metadata":{"name":"boat-c"},"spec":{"containers":[{"image":"registry.k8s.io/pause:3.10","name":"main"}]}}'
      [exit 1]
      $ kubectl delete -f boats -R --grace-period=0 --force
      Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.
      pod "boat-a" force deleted from default namespace
      pod "boat-b" force deleted from default namespace
      error: unable to decode "boats/more/c.yaml": Object 'Kind' is missing in '{"apiVersion":"v1","ind":"Pod","metadata":{"name":"boat-c"},"spec":{"containers":[{"image":"registry.k8s.io/pause:3.10","name":"main"}]}}'
      [exit 1]
      $ kubectl delete -f boats/more/c.yaml
      error: unable to decode "boats/more/c.yaml": Object 'Kind' is missing in '{"apiVersion":"v1","ind":"Pod","metadata":{"name":"boat-c"},"spec":{"containers":[{"image":"registry.k8s.io/pause:3.10","name":"main"}]}}'
      [exit 1]
      `,
    ))

  it('exec and run', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl exec abc -- date
      Error from server (NotFound): pods "abc" not found
      [exit 1]
      $ cat boats/a.yaml > two.yaml; echo --- >> two.yaml; cat boats/more/b.yaml >> two.yaml; kubectl exec -f two.yaml -- date
      error: cannot exec into multiple objects at a time
      [exit 1]
      $ kubectl exec deployments/bar -- date
      Error from server (NotFound): deployments.apps "bar" not found
      [exit 1]
      $ kubectl exec configmap/kube-root-ca.crt -- date
      error: cannot attach to *v1.ConfigMap: selector for *v1.ConfigMap not implemented
      [exit 1]
      $ kubectl exec
      error: pod, type/name or --filename must be specified
      [exit 1]
      $ kubectl run Bad --image=nginx
      The Pod "Bad" is invalid: 
      * metadata.name: Invalid value: "Bad": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
      * spec.containers[0].name: Invalid value: "Bad": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')
      [exit 1]
      $ kubectl run bad --image=InvalidImageName
      error: Invalid image name "InvalidImageName": invalid reference format
      [exit 1]
      $ kubectl run bad
      error: required flag(s) "image" not set
      [exit 1]
      $ kubectl run one --image=busybox --restart=Never -- sh -c 'echo out; sleep 1'
      pod/one created
      $ kubectl exec one date
      error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead
      See 'kubectl exec -h' for help and examples
      [exit 1]
      $ kubectl wait --for=jsonpath='{.status.phase}'=Succeeded pod/one --timeout=40s
      pod/one condition met
      $ kubectl logs one
      out
      $ kubectl logs one -c none
      error: container none is not valid for pod one
      [exit 1]
      $ kubectl logs one -p
      Error from server (BadRequest): previous terminated container "one" in pod "one" not found
      [exit 1]
      $ kubectl exec one -- date
      error: cannot exec into a container in a completed pod; current phase is Succeeded
      [exit 1]
      $ kubectl run one --image=busybox
      Error from server (AlreadyExists): pods "one" already exists
      [exit 1]
      $ kubectl delete pod one
      pod "one" deleted from default namespace
      `,
    ))
})
