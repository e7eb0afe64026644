/** Files of the sessions after apps.sh. */
export const APPS_FILES: Record<string, string> = {
  'ds.yaml': `apiVersion: apps/v1
kind: DaemonSet
metadata: {name: lamp}
spec:
  selector: {matchLabels: {app: lamp}}
  updateStrategy: {type: RollingUpdate}
  template:
    metadata: {labels: {app: lamp}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: registry.k8s.io/pause:3.10}]
`,
  'sts.yaml': `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: hull}
spec:
  serviceName: hull
  replicas: 0
  selector: {matchLabels: {app: hull}}
  template:
    metadata: {labels: {app: hull}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: registry.k8s.io/pause:3.10}]
`,
  'rs.yaml': `apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: oars, labels: {app: oars}}
spec:
  replicas: 2
  selector: {matchLabels: {app: oars}}
  template:
    metadata: {labels: {app: oars}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: registry.k8s.io/pause:3.10}]
`,
  'deploy.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: deck}
spec:
  replicas: 1
  selector: {matchLabels: {app: deck}}
  template:
    metadata: {labels: {app: deck}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: web, image: registry.k8s.io/pause:3.10}, {name: side, image: registry.k8s.io/pause:3.9}]
`,
}
