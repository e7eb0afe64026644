/** Files of the sessions after core.sh. */
export const CORE_FILES: Record<string, string> = {
  'pod.yaml': `apiVersion: v1
kind: Pod
metadata: {name: tug, labels: {crew: one}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: registry.k8s.io/pause:3.10}]
`,
  'pod2.yaml': `apiVersion: v1
kind: Pod
metadata: {name: tug, labels: {crew: two}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: registry.k8s.io/pause:3.10}]
`,
  'web.yaml': `apiVersion: v1
kind: Service
metadata: {name: beacon, labels: {app: beacon}}
spec:
  selector: {app: beacon, role: main, tier: back}
  ports: [{port: 6379, targetPort: 6379}]
`,
  'rc.yaml': `apiVersion: v1
kind: ReplicationController
metadata: {name: crew, labels: {app: crew}}
spec:
  replicas: 2
  selector: {app: crew}
  template:
    metadata: {labels: {app: crew}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: registry.k8s.io/pause:3.10, env: [{name: HOSTS_FROM, value: dns}], ports: [{containerPort: 80}]}]
`,
  'envs.yaml': `apiVersion: v1
kind: Pod
metadata: {name: envs}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: registry.k8s.io/pause:3.10
    env:
    - {name: KEY, valueFrom: {secretKeyRef: {name: keys, key: token}}}
    - {name: DEPTH, valueFrom: {configMapKeyRef: {name: chart, key: depth}}}
    - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: LIMIT, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
    - {name: PLAIN, value: text}
`,
  'two.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: two}
spec:
  replicas: 1
  selector: {matchLabels: {app: two}}
  template:
    metadata: {labels: {app: two}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: web, image: registry.k8s.io/pause:3.10}, {name: side, image: registry.k8s.io/pause:3.9}]
`,
  'ports.yaml': `apiVersion: v1
kind: Pod
metadata: {name: a-pod-whose-name-is-much-longer-than-what-a-service-may-be-named-by-far, labels: {app: long}}
spec: {containers: [{name: main, image: nginx, ports: [{containerPort: 2380}, {containerPort: 2379}]}]}
`,
}
