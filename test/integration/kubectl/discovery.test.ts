import { afterAll, beforeAll, describe, it } from 'vitest'
import type { KubectlCluster } from '../kubernetes-server.ts'
import { transcript } from '../transcript.ts'
import { desk } from './desk.ts'
import { RESOURCE_FILES } from './resource-files.ts'

// Source: what test/cmd/wait.sh, events.sh, discovery.sh, version.sh, proxy.sh, create.sh and testdata/create.txtar of kubernetes/kubernetes assert.

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await desk(RESOURCE_FILES)
})
afterAll(() => cluster.close())

describe('kubectl', () => {
  it('waits', () =>
    transcript(
      cluster,
      `
      $ kubectl create deployment sail --image=registry.k8s.io/pause:3.10
      deployment.apps/sail created
      $ kubectl wait --for=jsonpath='{.status.readyReplicas}'=1 deploy/sail
      deployment.apps/sail condition met
      $ kubectl wait --for='jsonpath={.status.replicas}' deploy/sail
      deployment.apps/sail condition met
      $ kubectl wait --for='jsonpath=spec.template.spec.containers[?(@.name=="pause")].image=registry.k8s.io/pause:3.10' deploy/sail
      deployment.apps/sail condition met
      $ kubectl wait --for='jsonpath={.status.replicas}' deploy/sail --timeout=0
      deployment.apps/sail condition met
      $ kubectl wait pod -l app=sail --for=condition=Invalid --timeout=1s
      error: timed out waiting for the condition on pods/sail-…
      [exit 1]
      $ kubectl wait deploy/none --for=delete
      $ kubectl wait deploy/none --for=create --timeout=1s
      error: timed out waiting for the condition
      [exit 1]
      $ kubectl wait deploy/sail --for=create
      deployment.apps/sail condition met
      $ kubectl wait deploy/sail --for=condition=Available=false --timeout=1s
      error: timed out waiting for the condition on deployments/sail
      [exit 1]
      $ (sleep 1; kubectl delete deployment --all > /dev/null) & kubectl wait deployment --for=delete --all
      deployment.apps/sail condition met
      $ kubectl wait pod --for=condition=Ready
      error: resource(s) were provided, but no name was specified
      [exit 1]
      $ kubectl wait --for=sideways pod/x
      error: unrecognized condition: "sideways"
      [exit 1]
      $ kubectl wait pod -l none=such --for=condition=Ready
      error: no matching resources found
      [exit 1]
      `,
    ))

  it('events', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl create ns bay
      namespace/bay created
      $ kubectl create cronjob tide --schedule='59 23 31 2 *' -n bay --image=busybox
      cronjob.batch/tide created
      $ kubectl events -n bay
      LAST SEEN   TYPE      REASON            OBJECT         MESSAGE
      …          Warning   InvalidSchedule   CronJob/tide   invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second
      $ kubectl events -A --for=cronjob/tide
      NAMESPACE   LAST SEEN   TYPE      REASON            OBJECT         MESSAGE
      bay         …          Warning   InvalidSchedule   CronJob/tide   invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second
      $ kubectl events -n bay --for=CronJob/tide --types=Normal
      No events found in bay namespace.
      $ kubectl events -n bay --for=CronJob/tide --types=Warning --no-headers
      …    Warning   InvalidSchedule   CronJob/tide   invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second
      $ kubectl events -n bay --for=CronJob/tide -o jsonpath='{.items[*].reason} {.items[*].involvedObject.kind}{"\n"}'
      InvalidSchedule CronJob
      $ kubectl events -n bay --for=tide
      error: --for must be in resource/name form
      [exit 1]
      $ kubectl events -n bay --types=Sideways
      error: valid --types are Normal or Warning
      [exit 1]
      $ kubectl events -n none
      No events found in none namespace.
      $ kubectl get events -n bay
      LAST SEEN   TYPE      REASON            OBJECT         MESSAGE
      …          Warning   InvalidSchedule   cronjob/tide   invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second
      $ kubectl delete ns bay
      namespace "bay" deleted
      `,
    ))

  it('discovery, versions and help', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl get unknown
      error: the server doesn't have a resource type "unknown"
      [exit 1]
      $ kubectl get --raw=/api/v1 | grep -o '{"name":"configmaps".*"shortNames":\["cm"\],"storageVersionHash":'  | sed 's/.*{"name":"configmaps"/{"name":"configmaps"/'
      {"name":"configmaps","singularName":"configmap","namespaced":true,"kind":"ConfigMap","verbs":["create","delete","deletecollection","get","list","patch","update","watch"],"shortNames":["cm"],"storageVersionHash":
      $ kubectl get --raw=/api/v1 | grep -o '"name":"pods"[^}]*}' | grep -o '"categories":\["all"\]'
      "categories":["all"]
      $ kubectl api-versions
      admissionregistration.k8s.io/v1
      apiextensions.k8s.io/v1
      apiregistration.k8s.io/v1
      apps/v1
      authentication.k8s.io/v1
      authorization.k8s.io/v1
      autoscaling/v1
      autoscaling/v2
      batch/v1
      certificates.k8s.io/v1
      coordination.k8s.io/v1
      discovery.k8s.io/v1
      events.k8s.io/v1
      flowcontrol.apiserver.k8s.io/v1
      networking.k8s.io/v1
      node.k8s.io/v1
      policy/v1
      rbac.authorization.k8s.io/v1
      resource.k8s.io/v1
      scheduling.k8s.io/v1
      storage.k8s.io/v1
      v1
      $ kubectl api-resources --namespaced=false --verbs=list,create --api-group=storage.k8s.io
      NAME                      SHORTNAMES   APIVERSION          NAMESPACED   KIND
      csidrivers                             storage.k8s.io/v1   false        CSIDriver
      csinodes                               storage.k8s.io/v1   false        CSINode
      storageclasses            sc           storage.k8s.io/v1   false        StorageClass
      volumeattachments                      storage.k8s.io/v1   false        VolumeAttachment
      volumeattributesclasses   vac          storage.k8s.io/v1   false        VolumeAttributesClass
      $ kubectl api-resources --categories=all -o name
      pods
      replicationcontrollers
      services
      daemonsets.apps
      deployments.apps
      replicasets.apps
      statefulsets.apps
      horizontalpodautoscalers.autoscaling
      cronjobs.batch
      jobs.batch
      $ kubectl api-resources --api-group=none
      NAME   SHORTNAMES   APIVERSION   NAMESPACED   KIND
      $ kubectl explain po.status.message | sed '/^ *$/d'
      KIND:       Pod
      VERSION:    v1
      FIELD: message <string>
      DESCRIPTION:
          A human readable message indicating details about why the pod is in this
          condition.
      $ kubectl explain cronjob | head -n 6
      GROUP:      batch
      KIND:       CronJob
      VERSION:    v1

      DESCRIPTION:
          CronJob represents the configuration of a single cron job.
      $ kubectl explain pods.none
      KIND:       Pod
      VERSION:    v1

      error: field "none" does not exist
      [exit 1]
      $ kubectl explain none
      the server doesn't have a resource type "none"
      [exit 1]
      $ kubectl explain pod.spec.containers.resources.limits --api-version=v1 | sed '/^ *$/d'
      KIND:       Pod
      VERSION:    v1
      FIELD: limits <map[string]Quantity>
      DESCRIPTION:
          Limits describes the maximum amount of compute resources allowed. More info:
          https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
          Quantity is a fixed-point representation of a number.
      $ kubectl explain hpa.spec.metrics --api-version=autoscaling/v2 | head -n 5
      GROUP:      autoscaling
      KIND:       HorizontalPodAutoscaler
      VERSION:    v2

      FIELD: metrics <[]MetricSpec>
      $ kubectl explain cronjob.spec --recursive | head -n 9
      GROUP:      batch
      KIND:       CronJob
      VERSION:    v1

      FIELD: spec <CronJobSpec>


      DESCRIPTION:
          Specification of the desired behavior of a cron job, including the schedule.
      $ kubectl version
      Client Version: v1.35.2
      Kustomize Version: v5.7.1
      Server Version: v1.35.2-eks-1234567
      $ kubectl version --client
      Client Version: v1.35.2
      Kustomize Version: v5.7.1
      $ kubectl version -o json | grep -c gitVersion
      2
      $ kubectl version -o yaml | grep -E '^[a-z]|platform'
      clientVersion:
        platform: linux/amd64
      kustomizeVersion: v5.7.1
      serverVersion:
        platform: linux/amd64
      $ kubectl cluster-info | head -n 1
      Kubernetes control plane is running at https://127.0.0.1:…
      $ kubectl proxy --port=0 > proxy.log 2>&1 & until grep -qs Starting proxy.log; do sleep 0.1; done; P=$(grep -o '[0-9]*$' proxy.log); for u in api/kubernetes api/v1/namespaces metrics apis apis/extensions/ healthz; do curl -s -o /dev/null -w "$u %{http_code}\n" http://127.0.0.1:$P/$u; done; kill $!
      api/kubernetes 404
      api/v1/namespaces 200
      metrics 200
      apis 200
      apis/extensions/ 404
      healthz 200
      $ kubectl proxy --port=0 --api-prefix=/custom > proxy2.log 2>&1 & until grep -qs Starting proxy2.log; do sleep 0.1; done; P=$(grep -o '[0-9]*$' proxy2.log); for u in custom/api/v1/namespaces api/v1/namespaces; do curl -s -o /dev/null -w "$u %{http_code}\n" http://127.0.0.1:$P/$u; done; kill $!
      custom/api/v1/namespaces 200
      api/v1/namespaces 404
      `,
    ))

  it('validation', () =>
    transcript(
      cluster,
      String.raw`
      $ printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: bad}\nspec:\n  replicas: 1\n  replicas: 2\n  sails: 3\n  selector: {matchLabels: {app: bad}}\n  template:\n    metadata: {labels: {app: bad}}\n    spec: {containers: [{name: main, image: nginx, imagePulPolicy: Always}]}\n' > bad.yaml
      $ kubectl create -f bad.yaml
      Error from server (BadRequest): error when creating "bad.yaml": Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.sails", unknown field "spec.template.spec.containers[0].imagePulPolicy"
      [exit 1]
      $ kubectl create -f bad.yaml --validate=strict
      Error from server (BadRequest): error when creating "bad.yaml": Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.sails", unknown field "spec.template.spec.containers[0].imagePulPolicy"
      [exit 1]
      $ kubectl create -f bad.yaml --validate=warn --dry-run=server
      Warning: unknown field "spec.sails"
      Warning: unknown field "spec.template.spec.containers[0].imagePulPolicy"
      deployment.apps/bad created (server dry run)
      $ kubectl create -f bad.yaml --validate=ignore --dry-run=server
      deployment.apps/bad created (server dry run)
      $ kubectl create -f bad.yaml --validate=false --dry-run=server
      deployment.apps/bad created (server dry run)
      $ kubectl create -f bad.yaml --validate=foo
      error: invalid - validate option "foo"; must be one of: strict (or true), warn, ignore (or false)
      [exit 1]
      $ kubectl create
      error: must specify one of -f and -k
      [exit 1]
      $ kubectl create -l crew=one -f boats -R
      error: error validating "boats/more/c.yaml": error validating data: kind not set; if you choose to ignore these errors, turn validation off with --validate=false
      [exit 1]
      $ echo 'apiVersion: v1' | kubectl create -f -
      error: error validating "STDIN": error validating data: kind not set; if you choose to ignore these errors, turn validation off with --validate=false
      [exit 1]
      $ echo 'a: [' | kubectl create -f -
      error: error parsing STDIN: error converting YAML to JSON: yaml: line 1: did not find expected node content
      [exit 1]
      $ printf 'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: Secret, metadata: {name: a}}\n' > list.yaml; kubectl create -f list.yaml
      configmap/a created
      secret/a created
      $ kubectl get -f list.yaml
      NAME          DATA   AGE
      configmap/a   0      …

      NAME       TYPE     DATA   AGE
      secret/a   Opaque   0      …
      $ kubectl delete -f list.yaml
      configmap "a" deleted from default namespace
      secret "a" deleted from default namespace
      `,
    ))
})
