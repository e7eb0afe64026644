import { beforeAll, describe, expect, it } from 'vitest'
import { type Json, workbench } from './workbench.ts'

// Each test is named by its Testname in Kubernetes' conformance list (test/conformance/testdata/conformance.yaml, up to 1.35, read 2026-11),
// and asks for what that entry's description demands. What containers see is in their logs: all pods are made at once.

const bench = workbench(2)
let space: Awaited<ReturnType<typeof bench.namespace>>
const base64 = (text: string) => Buffer.from(text).toString('base64')

const cases = new Map<string, { pod: Json; wanted: (text: string, pod: Json) => void; phase: string }>()
const podName = (name: string) => `case-${[...cases.keys()].indexOf(name)}`

/** A pod of one container that ends; what it printed. */
function prints(
  name: string,
  container: object,
  wanted: string | RegExp | ((text: string, pod: Json) => void),
  spec: object = {},
  phase = 'Succeeded',
): void {
  const check =
    typeof wanted === 'function'
      ? wanted
      : typeof wanted === 'string'
        ? (text: string) => expect(text).toBe(wanted)
        : (text: string) => expect(text).toMatch(wanted)
  cases.set(name, {
    pod: {
      spec: {
        restartPolicy: 'Never',
        ...spec,
        containers: [{ name: 'main', image: 'busybox:1.37', ...container }],
      },
    },
    wanted: check,
    phase,
  })
  it(name, async () => {
    const path = `${space.core}/pods/${podName(name)}`
    const pod = await bench.until(path, ({ status }) => ['Succeeded', 'Failed'].includes(status.phase))
    check(await bench.get(`${path}/log`), pod)
    expect(pod.status.phase).toBe(phase)
  })
}
/** These lines, in any order. */
const lines = (wanted: string[]) => (text: string) =>
  expect(text.trim().split('\n').sort()).toEqual([...wanted].sort())
const sh = (script: string) => ({ command: ['sh', '-c', script] })

beforeAll(async () => {
  space = await bench.namespace()
  await bench.post(`${space.core}/configmaps`, {
    metadata: { name: 'data' },
    data: { 'data-1': 'value-1', data_2: 'value-2' },
  })
  await bench.post(`${space.core}/secrets`, {
    metadata: { name: 'data' },
    data: { 'data-1': base64('value-1'), data_2: base64('value-2') },
  })
  await bench.post(`${space.core}/services`, {
    metadata: { name: 'fooservice' },
    spec: { ports: [{ port: 8765, targetPort: 8080 }], selector: { name: 'nothing' } },
  })
  await Promise.all(
    [...cases].map(([name, { pod }]) =>
      bench.post(`${space.core}/pods`, {
        ...pod,
        metadata: { name: podName(name), labels: { app: 'looking' } },
      }),
    ),
  )
})

describe('environment', () => {
  for (const [kind, from, key] of [
    ['ConfigMap', 'configMapRef', 'configMapKeyRef'],
    ['Secrets', 'secretRef', 'secretKeyRef'],
  ] as const) {
    const [field, all, prefixes] =
      kind === 'ConfigMap'
        ? [
            'ConfigMap, from environment field (1.9)',
            'ConfigMap, from environment variables (1.9)',
            'ConfigMap, from environment field with various prefixes (1.34)',
          ]
        : [
            'Secrets, pod environment field (1.9)',
            'Secrets, pod environment from source (1.9)',
            'Secrets, pod environment from source, with various prefixes (1.34)',
          ]
    prints(
      field,
      { ...sh('echo $DATA'), env: [{ name: 'DATA', valueFrom: { [key]: { name: 'data', key: 'data-1' } } }] },
      'value-1\n',
    )
    prints(
      all,
      {
        ...sh('env | grep -i data'),
        envFrom: [{ [from]: { name: 'data' } }, { prefix: 'p-', [from]: { name: 'data' } }],
      },
      lines(['data-1=value-1', 'data_2=value-2', 'p-data-1=value-1', 'p-data_2=value-2']),
    )
    const odd = ['1-', '#_', '@/', 'p.']
    prints(
      prefixes,
      {
        ...sh('env | grep data_2'),
        envFrom: odd.map((prefix) => ({ prefix, [from]: { name: 'data' } })),
      },
      lines(odd.map((prefix) => `${prefix}data_2=value-2`)),
    )
  }
  prints(
    'Environment variables, expansion (1.9)',
    {
      ...sh('echo $FOOBAR'),
      env: [
        { name: 'FOO', value: 'foo-value' },
        { name: 'BAR', value: 'bar-value' },
        { name: 'FOOBAR', value: '$(FOO);;$(BAR);;$$(FOO);;$(NONE)' },
      ],
    },
    'foo-value;;bar-value;;$(FOO);;$(NONE)\n',
  )
  prints(
    'Environment variables, command expansion (1.9)',
    { ...sh('TEST_VAR=wrong echo "$(TEST_VAR)"'), env: [{ name: 'TEST_VAR', value: 'test-value' }] },
    'test-value\n',
  )
  prints(
    'Environment variables, command argument expansion (1.9)',
    {
      command: ['sh', '-c'],
      args: ['TEST_VAR=wrong echo "$(TEST_VAR)"'],
      env: [{ name: 'TEST_VAR', value: 'test-value' }],
    },
    'test-value\n',
  )
  prints('Pods, service environment variables (1.9)', sh('env | grep ^FOOSERVICE | sort'), (text) => {
    const variables = Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((line) => line.split('=')),
    )
    const address = variables.FOOSERVICE_SERVICE_HOST
    expect(address).toMatch(/^10\.100\./)
    expect(variables).toEqual({
      FOOSERVICE_SERVICE_HOST: address,
      FOOSERVICE_SERVICE_PORT: '8765',
      FOOSERVICE_PORT: `tcp://${address}:8765`,
      FOOSERVICE_PORT_8765_TCP: `tcp://${address}:8765`,
      FOOSERVICE_PORT_8765_TCP_PORT: '8765',
      FOOSERVICE_PORT_8765_TCP_PROTO: 'tcp',
      FOOSERVICE_PORT_8765_TCP_ADDR: address,
    })
  })
})

describe('downward API', () => {
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } })
  const resource = (name: string, resource: string) => ({
    name,
    valueFrom: { resourceFieldRef: { resource } },
  })
  const resources = ['limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'].map((path, index) =>
    resource(`R${index}`, path),
  )
  prints(
    'DownwardAPI, environment for name, namespace and ip; host ip; hostIPs; Pod UID (1.9, 1.32)',
    {
      ...sh('echo $NAME $NAMESPACE $IP $HOST $HOSTS $POD_UID'),
      env: [
        field('NAME', 'metadata.name'),
        field('NAMESPACE', 'metadata.namespace'),
        field('IP', 'status.podIP'),
        field('HOST', 'status.hostIP'),
        field('HOSTS', 'status.hostIPs'),
        field('POD_UID', 'metadata.uid'),
      ],
    },
    (text, { metadata, status }) =>
      expect(text.trim().split(' ')).toEqual([
        metadata.name,
        metadata.namespace,
        status.podIP,
        status.hostIP,
        status.hostIPs[0].ip,
        metadata.uid,
      ]),
  )
  prints(
    'DownwardAPI, environment for CPU and memory limits and requests (1.9)',
    {
      ...sh('echo $R0 $R1 $R2 $R3'),
      env: resources,
      resources: { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } },
    },
    `2 ${64 * 1024 ** 2} 1 ${32 * 1024 ** 2}\n`,
  )
  prints(
    'DownwardAPI, environment for default CPU and memory limits and requests (1.9)',
    { ...sh('echo $R0 $R1'), env: resources.slice(0, 2) },
    `4 ${16 * 1024 ** 3}\n`,
  )
})

describe('containers', () => {
  const tester = { image: 'registry.k8s.io/e2e-test-images/agnhost:2.53' }
  prints(
    'Containers, without command and arguments (1.9)',
    { ...tester, args: ['entrypoint-tester'] },
    /entrypoint-tester/,
  )
  prints(
    'Containers, with arguments (1.9)',
    { ...tester, args: ['entrypoint-tester', 'override', 'arguments'] },
    '[/agnhost entrypoint-tester override arguments]\n',
  )
  prints(
    'Containers, with command (1.9)',
    { ...tester, command: ['/agnhost', 'entrypoint-tester'] },
    '[/agnhost entrypoint-tester]\n',
  )
  prints(
    'Containers, with command and arguments (1.9)',
    { ...tester, command: ['/agnhost'], args: ['entrypoint-tester', 'override', 'arguments'] },
    '[/agnhost entrypoint-tester override arguments]\n',
  )
  prints(
    'Kubelet, log output, default (1.13)',
    sh("echo 'Hello World'; echo and errors >&2"),
    'Hello World\nand errors\n',
  )
  prints(
    'Kubelet, hostAliases (1.13)',
    sh('cat /etc/hosts'),
    (text) => {
      for (const name of ['foo', 'bar'])
        expect(text).toMatch(new RegExp(`^123\\.45\\.67\\.89\\s.*\\b${name}\\b`, 'm'))
      expect(text).toMatch(/^127\.0\.0\.1\tlocalhost$/m)
    },
    { hostAliases: [{ ip: '123.45.67.89', hostnames: ['foo', 'bar'] }] },
  )
  prints(
    'Kubelet, pod with read only root file system (1.13)',
    { ...sh('echo test > /file; sleep 1; cat /file'), securityContext: { readOnlyRootFilesystem: true } },
    /can't create \/file: Read-only file system/,
    {},
    'Failed',
  )
})

describe('Security Context', () => {
  prints(
    'Security Context, runAsUser=65534 (1.15)',
    { ...sh('id -u'), securityContext: { runAsUser: 65534 } },
    '65534\n',
  )
  prints(
    'Security Context, privileged=false (1.15)',
    { ...sh('ip link add dummy0 type dummy || true'), securityContext: { privileged: false } },
    /Operation not permitted/,
  )
  prints(
    'Security Context, readOnlyRootFilesystem=false (1.15)',
    { ...sh('touch checkfile && ls checkfile'), securityContext: { readOnlyRootFilesystem: false } },
    'checkfile\n',
  )
  prints(
    'Security Context, test RunAsGroup at container level (1.21)',
    { ...sh('id'), securityContext: { runAsUser: 1001, runAsGroup: 2002 } },
    'uid=1001 gid=2002 groups=2002\n',
  )
  prints(
    'Security Context, test RunAsGroup at pod level (1.21)',
    sh('id'),
    'uid=1001 gid=2002 groups=2002\n',
    { securityContext: { runAsUser: 1001, runAsGroup: 2002 } },
  )
  prints(
    'Security Context, allowPrivilegeEscalation=false (1.15)',
    {
      ...sh('id -u'),
      securityContext: { runAsUser: 1000, allowPrivilegeEscalation: false },
    },
    '1000\n',
  )
})

describe('Container Runtime', () => {
  const message =
    (wanted: string | undefined, exitCode: number) =>
    (_: string, { status }: Json) => {
      const { terminated } = status.containerStatuses[0].state
      expect([terminated.message, terminated.exitCode]).toEqual([wanted, exitCode])
    }
  const fallback = { terminationMessagePolicy: 'FallbackToLogsOnError' }
  prints(
    'Container Runtime, TerminationMessagePath, non-root user and non-default path (1.15)',
    {
      ...sh('echo -n DONE > /dev/termination-custom-log'),
      terminationMessagePath: '/dev/termination-custom-log',
      securityContext: { runAsUser: 1000 },
    },
    message('DONE', 0),
  )
  prints(
    "Container Runtime, TerminationMessage, from container's log output of failing container (1.15)",
    { ...sh('echo -n DONE; exit 1'), ...fallback },
    message('DONE', 1),
    {},
    'Failed',
  )
  prints(
    'Container Runtime, TerminationMessage, from log output of succeeding container (1.15)',
    { ...sh('echo DONE'), ...fallback },
    message(undefined, 0),
  )
  prints(
    'Container Runtime, TerminationMessage, from file of succeeding container (1.15)',
    { ...sh('echo -n OK > /dev/termination-log; echo DONE'), ...fallback },
    message('OK', 0),
  )
})
