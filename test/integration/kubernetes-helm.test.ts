import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simulatedTarget } from '#checks/target.ts'
import { TargetClients } from '#checks/target-clients.ts'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { createCluster, useCluster } from '../support/cluster.ts'
import { LabShell } from '../support/lab-shell.ts'
import { type Desk, transcript } from './transcript.ts'

let directory: string
let cloud: OwnedCloud
let shell: LabShell
let desk: Desk

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-helm-'))
  cloud = await startCloud({ directory })
  const world = await cloud.createWorld({ provisioning: 'instant' })
  const clients = new TargetClients(simulatedTarget(world))
  await createCluster(clients, 'lab', 1)
  shell = await LabShell.open(world, 'bundled')
  desk = { folder: shell.home, env: shell.environment }
  await useCluster(shell, clients, 'lab')
  clients.close()
  for (const [path, text] of Object.entries(CHART)) await shell.write(`site/${path}`, text)
})
afterAll(async () => {
  await shell.close()
  await cloud.stop()
  await rm(directory, { recursive: true })
})

const CHART = {
  'Chart.yaml': 'apiVersion: v2\nname: site\nversion: 0.1.0\nappVersion: "1.29"\n',
  'values.yaml': 'replicas: 1\ntag: "1.28"\n',
  'templates/deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, labels: {chart: {{ .Chart.Name }}-{{ .Chart.Version }}}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: web, image: "nginx:{{ required "a tag is needed" .Values.tag }}"}]}
`,
  'templates/service.yaml': `apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {selector: {app: {{ .Release.Name }}}, ports: [{port: 80}]}
`,
  'templates/tests/ask.yaml': `apiVersion: v1
kind: Pod
metadata: {name: {{ .Release.Name }}-ask, annotations: {helm.sh/hook: test}}
spec:
  restartPolicy: Never
  containers: [{name: ask, image: busybox, command: [wget, -qO, /dev/null, "http://{{ .Release.Name }}"]}]
`,
  'templates/NOTES.txt': 'Ask http://{{ .Release.Name }}\n',
}

// Source: helm.sh/docs/helm, helm.sh/docs/topics/registries, docs.aws.amazon.com/AmazonECR/latest/userguide/push-oci-artifact.html.
describe('helm', () => {
  it('checks and renders a chart', () =>
    transcript(
      desk,
      `
      $ helm lint site
      ==> Linting site
      [INFO] Chart.yaml: icon is recommended
      …
      1 chart(s) linted, 0 chart(s) failed
      $ helm template my site --set replicas=3 | grep -E '^kind|replicas|image:'
      kind: Service
      kind: Deployment
        replicas: 3
          spec: {containers: [{name: web, image: "nginx:1.28"}]}
      kind: Pod
        …
      $ helm template my site --set tag=
      Error: execution error at (site/templates/deployment.yaml:…): a tag is needed
      …
      [exit 1]
      $ helm show chart site | grep version
      version: 0.1.0
      $ helm show values site
      replicas: 1
      tag: "1.28"
      `,
    ))

  it('installs, upgrades, rolls back and uninstalls a release', () =>
    transcript(
      desk,
      `
      $ helm install web site --wait --timeout 60s
      NAME: web
      LAST DEPLOYED: …
      NAMESPACE: default
      STATUS: deployed
      REVISION: 1
      …
      NOTES:
      Ask http://web
      $ helm install web site
      level=ERROR msg="release name check failed" error="cannot reuse a name that is still in use"
      Error: INSTALLATION FAILED: release name check failed: cannot reuse a name that is still in use
      [exit 1]
      $ kubectl get deployment web -o jsonpath='{.metadata.labels.app\\.kubernetes\\.io/managed-by} {.metadata.annotations.meta\\.helm\\.sh/release-name} {.status.readyReplicas}'
      Helm web 1
      $ helm list
      NAME  NAMESPACE  REVISION  UPDATED  STATUS    CHART       APP VERSION
      web   default    1         …        deployed  site-0.1.0  1.29
      $ helm test web
      NAME: web
      …
      STATUS: deployed
      …
      TEST SUITE: web-ask
      …
      Phase: Succeeded
      …
      $ helm upgrade web site --set replicas=2,tag=1.29 --wait --timeout 60s
      Release "web" has been upgraded. Happy Helming!
      …
      REVISION: 2
      …
      $ helm get values web
      USER-SUPPLIED VALUES:
      replicas: 2
      tag: "1.29"
      $ helm upgrade web site --set replicas=bad
      level=WARN msg="upgrade failed" name=web error="failed to create typed patch object …
      Error: UPGRADE FAILED: failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .spec.replicas: expected numeric (int or float), got string
      [exit 1]
      $ helm history web | cut -f 1,3,4,6
      REVISION STATUS CHART DESCRIPTION
      1 superseded site-0.1.0 Install complete
      2 deployed site-0.1.0 Upgrade complete
      3 failed site-0.1.0 Upgrade "web" failed: …
      $ helm rollback web 1 --wait --timeout 60s
      Rollback was a success! Happy Helming!
      $ kubectl get deployment web -o jsonpath='{.spec.replicas} {.spec.template.spec.containers[0].image}'
      1 nginx:1.28
      $ helm status web | grep -E '^(STATUS|REVISION)'
      STATUS: deployed
      REVISION: 4
      $ helm get manifest web | grep -c '^kind'
      2
      $ kubectl get secrets -l owner=helm
      NAME                        TYPE                 DATA   AGE
      sh.helm.release.v1.web.v1   helm.sh/release.v1   1      …
      sh.helm.release.v1.web.v2   helm.sh/release.v1   1      …
      sh.helm.release.v1.web.v3   helm.sh/release.v1   1      …
      sh.helm.release.v1.web.v4   helm.sh/release.v1   1      …
      $ helm uninstall web
      release "web" uninstalled
      $ kubectl get deployments
      No resources found in default namespace.
      $ helm status web
      Error: release: not found
      [exit 1]
      `,
    ))

  // Source: helm.sh/docs/intro/using_helm and helm.sh/docs/topics/chart_tests; the image of the chart's appVersion is nginx 1.16.0.
  it('runs the chart that helm create makes, as it is', { timeout: 60_000 }, async () => {
    await shell.ok('helm create demo')
    await shell.ok('helm install first demo --wait --timeout 60s')
    expect(await shell.ok('helm test first')).toMatch(/Phase: +Succeeded/)
    await shell.ok('helm upgrade first demo --set replicaCount=2 --wait')
    expect(await shell.ok("kubectl get deployment first-demo -o jsonpath='{.status.readyReplicas}'")).toBe(
      '2',
    )
    await shell.ok('helm rollback first 1 --wait')
    expect(await shell.ok('helm history first')).toMatch(
      /deployed +\tdemo-0\.1\.0\t1\.16\.0 +\tRollback to 1/,
    )
    await shell.ok('helm uninstall first')
  })

  it('pushes a chart to ECR and installs it from there', () =>
    transcript(
      desk,
      `
      $ helm package site
      Successfully packaged chart and saved it to: …/site-0.1.0.tgz
      $ aws ecr create-repository --repository-name site --query repository.repositoryName --output text
      site
      $ aws sts get-caller-identity --query Account --output text > account; aws ecr get-login-password | helm registry login --username AWS --password-stdin $(cat account).dkr.ecr.us-east-1.amazonaws.com
      Login Succeeded
      $ helm push site-0.1.0.tgz oci://$(cat account).dkr.ecr.us-east-1.amazonaws.com/
      Pushed: ….dkr.ecr.us-east-1.amazonaws.com/site:0.1.0
      Digest: sha256:…
      $ aws ecr describe-images --repository-name site --query 'imageDetails[0].[imageTags[0],artifactMediaType]' --output text
      0.1.0 application/vnd.cncf.helm.config.v1+json
      $ helm show chart oci://$(cat account).dkr.ecr.us-east-1.amazonaws.com/site --version 0.1.0 | grep -E '^name'
      Pulled: ….dkr.ecr.us-east-1.amazonaws.com/site:0.1.0
      Digest: sha256:…
      name: site
      $ helm install remote oci://$(cat account).dkr.ecr.us-east-1.amazonaws.com/site --version 0.1.0 --wait --timeout 60s
      Pulled: ….dkr.ecr.us-east-1.amazonaws.com/site:0.1.0
      Digest: sha256:…
      NAME: remote
      …
      STATUS: deployed
      …
      $ helm pull oci://$(cat account).dkr.ecr.us-east-1.amazonaws.com/site --version 9.9.9
      Error: ….dkr.ecr.us-east-1.amazonaws.com/site:9.9.9: not found
      [exit 1]
      $ helm uninstall remote
      release "remote" uninstalled
      `,
    ))
})
