import { beforeAll, describe, expect, it } from 'vitest'
import { type Json, workbench } from './workbench.ts'

// Each test is named by its Testname in Kubernetes' conformance list (test/conformance/testdata/conformance.yaml, up to 1.35, read 2026-11),
// and asks for what that entry's description demands. What containers see is in their logs: all pods are made at once.

const bench = workbench(2)
let space: Awaited<ReturnType<typeof bench.namespace>>

const base64 = (text: string) => Buffer.from(text).toString('base64')
const CONTENT = { 'data-1': 'value-1\n', 'data-2': 'value-2\n', 'data-3': 'value-3\n' }
const ENCODED = Object.fromEntries(Object.entries(CONTENT).map(([key, value]) => [key, base64(value)]))

interface Looks {
  script: string
  volumes?: object[]
  mounts?: object[]
  securityContext?: object
  resources?: object
  env?: object[]
}
/** A pod that looks at its volumes and ends. */
const looking = ({ script, volumes = [], mounts = [], securityContext, resources, env }: Looks) => ({
  spec: {
    restartPolicy: 'Never',
    ...(securityContext && { securityContext }),
    volumes,
    containers: [
      {
        name: 'main',
        image: 'busybox:1.37',
        command: ['sh', '-c', script],
        volumeMounts: mounts,
        ...(resources && { resources }),
        ...(env && { env }),
      },
    ],
  },
})
const show = (file: string) => `stat -L -c '%a %U:%G' ${file}; cat ${file}`
const at = (name: string, mountPath = '/etc/volume', more: object = {}) => ({ name, mountPath, ...more })

/** What pods that were asked for together printed: by name, when all are over. */
const cases = new Map<string, { pod: Looks; expected: string }>()
function prints(name: string, pod: Looks, expected: string): void {
  cases.set(name, { pod, expected })
  it(name, async () => {
    const path = `${space.core}/pods/${podName(name)}`
    const { status } = await bench.until(path, ({ status }) => ['Succeeded', 'Failed'].includes(status.phase))
    expect(await bench.get(`${path}/log`)).toBe(expected)
    expect(status.phase).toBe('Succeeded')
  })
}
const podName = (name: string) => `case-${[...cases.keys()].indexOf(name)}`

beforeAll(async () => {
  space = await bench.namespace()
  const other = await bench.namespace()
  await bench.post(`${space.core}/configmaps`, { metadata: { name: 'data' }, data: CONTENT })
  await bench.post(`${space.core}/configmaps`, {
    metadata: { name: 'binary' },
    data: { text: 'words\n' },
    binaryData: { 'dump.bin': Buffer.from([0xde, 0xca, 0xfe, 0xba, 0xd0, 0xfe, 0xff]).toString('base64') },
  })
  await bench.post(`${space.core}/secrets`, { metadata: { name: 'data' }, data: ENCODED })
  await bench.post(`${other.core}/secrets`, {
    metadata: { name: 'data' },
    data: { 'data-1': base64('of another namespace\n') },
  })
  await Promise.all(
    [...cases].map(([name, { pod }]) =>
      bench.post(`${space.core}/pods`, {
        ...looking(pod),
        metadata: { name: podName(name), labels: { app: 'looking' }, annotations: { builder: 'bar' } },
      }),
    ),
  )
})

const as1000 = { runAsUser: 1000 }

// The three that are made from a ConfigMap or a Secret, plain and projected.
const MADE = {
  ConfigMap: (more: object, name = 'volume') => ({ name, configMap: { name: 'data', ...more } }),
  'Projected ConfigMap': ({ items, ...more }: Json, name = 'volume') => ({
    name,
    projected: { ...more, sources: [{ configMap: { name: 'data', ...(items && { items }) } }] },
  }),
  Secret: (more: object, name = 'volume') => ({ name, secret: { secretName: 'data', ...more } }),
  'Projected Secret': ({ items, ...more }: Json, name = 'volume') => ({
    name,
    projected: { ...more, sources: [{ secret: { name: 'data', ...(items && { items }) } }] },
  }),
}
const NAMES = {
  ConfigMap: [
    'ConfigMap Volume, without mapping',
    'ConfigMap Volume, without mapping, volume mode set',
    'ConfigMap Volume, with mapping',
    'ConfigMap Volume, with mapping, volume mode set',
    'ConfigMap Volume, multiple volume maps',
  ],
  'Projected ConfigMap': [
    'Projected Volume, ConfigMap, volume mode default',
    'Projected Volume, ConfigMap, volume mode 0400',
    'Projected Volume, ConfigMap, mapped',
    'Projected Volume, ConfigMap, mapped, volume mode 0400',
    'Projected Volume, ConfigMap, multiple volume paths',
  ],
  Secret: [
    'Secrets Volume, default',
    'Secrets Volume, volume mode 0400',
    'Secrets Volume, mapping',
    'Secrets Volume, mapping, volume mode 0400',
    'Secrets Volume, mapping multiple volume paths',
  ],
  'Projected Secret': [
    'Projected Volume, Secrets, volume mode default',
    'Projected Volume, Secrets, volume mode 0400',
    'Projected Volume, Secrets, mapped',
    'Projected Volume, Secrets, mapped, volume mode 0400',
    'Projected Volume, Secrets, mapped, multiple paths',
  ],
}

for (const kind of Object.keys(MADE) as (keyof typeof MADE)[]) {
  const make = MADE[kind]
  const [plain, mode, mapped, mappedMode, several] = NAMES[kind]
  describe(`${kind} volume`, () => {
    prints(
      `${plain} (1.9)`,
      { script: show('/etc/volume/data-1'), volumes: [make({})], mounts: [at('volume')] },
      '644 root:root\nvalue-1\n',
    )
    prints(
      `${mode} (1.9)`,
      { script: show('/etc/volume/data-1'), volumes: [make({ defaultMode: 0o400 })], mounts: [at('volume')] },
      '400 root:root\nvalue-1\n',
    )
    prints(
      `${mapped} (1.9)`,
      {
        script: `${show('/etc/volume/path/to/data-2')}; ls /etc/volume`,
        volumes: [make({ items: [{ key: 'data-2', path: 'path/to/data-2' }] })],
        mounts: [at('volume')],
      },
      '644 root:root\nvalue-2\npath\n',
    )
    prints(
      `${mappedMode} (1.9)`,
      {
        script: show('/etc/volume/path/to/data-2'),
        volumes: [make({ items: [{ key: 'data-2', path: 'path/to/data-2', mode: 0o400 }] })],
        mounts: [at('volume')],
      },
      '400 root:root\nvalue-2\n',
    )
    prints(
      `${several} (1.9)`,
      {
        script: 'cat /etc/volume/data-1 /etc/other/data-1',
        volumes: [make({}), make({}, 'other')],
        mounts: [at('volume'), at('other', '/etc/other')],
      },
      'value-1\nvalue-1\n',
    )
  })
}

describe('as another user', () => {
  prints(
    'ConfigMap Volume, without mapping, non-root user (1.9)',
    {
      script: `id -u; ${show('/etc/volume/data-1')}`,
      volumes: [MADE.ConfigMap({})],
      mounts: [at('volume')],
      securityContext: as1000,
    },
    '1000\n644 root:root\nvalue-1\n',
  )
  prints(
    'ConfigMap Volume, with mapping, non-root user (1.9)',
    {
      script: show('/etc/volume/path/to/data-2'),
      volumes: [MADE.ConfigMap({ items: [{ key: 'data-2', path: 'path/to/data-2' }] })],
      mounts: [at('volume')],
      securityContext: as1000,
    },
    '644 root:root\nvalue-2\n',
  )
  prints(
    'Projected Volume, ConfigMap, non-root user (1.9)',
    {
      script: show('/etc/volume/data-1'),
      volumes: [MADE['Projected ConfigMap']({})],
      mounts: [at('volume')],
      securityContext: as1000,
    },
    '644 root:root\nvalue-1\n',
  )
  prints(
    'Projected Volume, ConfigMap, mapped, non-root user (1.9)',
    {
      script: show('/etc/volume/path/to/data-2'),
      volumes: [MADE['Projected ConfigMap']({ items: [{ key: 'data-2', path: 'path/to/data-2' }] })],
      mounts: [at('volume')],
      securityContext: as1000,
    },
    '644 root:root\nvalue-2\n',
  )
  const group = { runAsUser: 1000, fsGroup: 1001 }
  const script = `stat -L -c '%a %u:%g' /etc/volume/data-1; cat /etc/volume/data-1`
  prints(
    'Secrets Volume, volume mode 0440, fsGroup 1001 and uid 1000 (1.9)',
    {
      script,
      volumes: [MADE.Secret({ defaultMode: 0o440 })],
      mounts: [at('volume')],
      securityContext: group,
    },
    '440 0:1001\nvalue-1\n',
  )
  prints(
    'Project Volume, Secrets, non-root, custom fsGroup (1.9)',
    {
      script,
      volumes: [MADE['Projected Secret']({ defaultMode: 0o440 })],
      mounts: [at('volume')],
      securityContext: group,
    },
    '440 0:1001\nvalue-1\n',
  )
})

describe('what else is in a volume', () => {
  prints(
    'ConfigMap Volume, text data, binary data (1.12)',
    {
      script: 'cat /etc/volume/text; base64 /etc/volume/dump.bin',
      volumes: [{ name: 'volume', configMap: { name: 'binary' } }],
      mounts: [at('volume')],
    },
    'words\n3sr+utD+/w==\n',
  )
  prints(
    'Secrets Volume, volume mode default, secret with same name in different namespace (1.12)',
    { script: show('/etc/volume/data-1'), volumes: [MADE.Secret({})], mounts: [at('volume')] },
    '644 root:root\nvalue-1\n',
  )
  prints(
    'EmptyDir Wrapper Volume, Secret and ConfigMap volumes, no conflict (1.13)',
    {
      script: 'cat /etc/secret/data-1 /etc/map/data-2',
      volumes: [MADE.Secret({}, 'secret'), MADE.ConfigMap({}, 'map')],
      mounts: [at('secret', '/etc/secret', { readOnly: true }), at('map', '/etc/map')],
    },
    'value-1\nvalue-2\n',
  )
})

const RESOURCES = { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } }
const ITEMS = {
  cpu_limit: { resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' } },
  cpu_request: { resourceFieldRef: { containerName: 'main', resource: 'requests.cpu', divisor: '1m' } },
  memory_limit: { resourceFieldRef: { containerName: 'main', resource: 'limits.memory' } },
  memory_request: {
    resourceFieldRef: { containerName: 'main', resource: 'requests.memory', divisor: '1Mi' },
  },
  podname: { fieldRef: { fieldPath: 'metadata.name' } },
}
const items = Object.entries(ITEMS).map(([path, item]) => ({ path, ...item }))
const files = Object.keys(ITEMS).filter((path) => path !== 'podname')

for (const [kind, volume] of [
  [
    'DownwardAPI volume',
    (more: object, list = items) => ({ name: 'volume', downwardAPI: { items: list, ...more } }),
  ],
  [
    'Projected Volume, DownwardAPI',
    (more: object, list = items) => ({
      name: 'volume',
      projected: { sources: [{ downwardAPI: { items: list } }], ...more },
    }),
  ],
] as const) {
  describe(kind, () => {
    const show = (paths: string[]) => paths.map((path) => `cat /etc/volume/${path}; echo`).join('; ')
    prints(
      `${kind}, CPU limits, CPU request, memory limits, memory request (1.9)`,
      { script: show(files), volumes: [volume({})], mounts: [at('volume')], resources: RESOURCES },
      '2\n250\n67108864\n32\n',
    )
    prints(
      `${kind}, CPU limit, memory limit, default node allocatable (1.9)`,
      { script: show(['cpu_limit', 'memory_limit']), volumes: [volume({})], mounts: [at('volume')] },
      `4\n${16 * 1024 ** 3}\n`,
    )
    prints(
      `${kind}, volume mode 0400; pod name (1.9)`,
      {
        script: `stat -L -c %a /etc/volume/podname; test $(cat /etc/volume/podname) = $(hostname) && echo same`,
        volumes: [volume({ defaultMode: 0o400 })],
        mounts: [at('volume')],
      },
      '400\nsame\n',
    )
    prints(
      `${kind}, file mode 0400 (1.9)`,
      {
        script: 'stat -L -c %a /etc/volume/podname',
        volumes: [volume({}, [{ path: 'podname', mode: 0o400, ...ITEMS.podname } as never])],
        mounts: [at('volume')],
      },
      '400\n',
    )
  })
}

describe('projected together', () => {
  const sources = [
    { secret: { name: 'data', items: [{ key: 'data-1', path: 'secret' }] } },
    { configMap: { name: 'data', items: [{ key: 'data-2', path: 'map' }] } },
    { downwardAPI: { items } },
  ]
  prints(
    'Projected Volume, multiple projections (1.9)',
    {
      script: 'cd /all; cat secret map; cat podname | cut -c 1-5; cat cpu_limit memory_request',
      volumes: [{ name: 'all', projected: { sources } }],
      mounts: [at('all', '/all')],
      resources: RESOURCES,
    },
    'value-1\nvalue-2\ncase-\n232',
  )
})

describe('EmptyDir', () => {
  for (const medium of ['', 'Memory']) {
    const kind = medium ? 'memory' : 'default'
    const volumes = [{ name: 'volume', emptyDir: { medium } }]
    const onMemory = medium ? 'tmpfs' : 'disk'
    const where = `grep ' /volume ' /proc/mounts | grep -q tmpfs && echo tmpfs || echo disk`
    prints(
      `EmptyDir, medium ${kind}, volume mode default (1.9)`,
      { script: `stat -c %a /volume; ${where}`, volumes, mounts: [at('volume', '/volume')] },
      `777\n${onMemory}\n`,
    )
    for (const user of ['', ', non-root user']) {
      const securityContext = user ? { runAsUser: 1001 } : {}
      for (const mode of ['644', '666', '777'])
        prints(
          `EmptyDir, medium ${kind}, volume mode 0${mode}${user} (1.9)`,
          {
            script: `umask 0; echo content > /volume/file; chmod ${mode} /volume/file; stat -c '%a %u' /volume/file; cat /volume/file; ${where}`,
            volumes,
            mounts: [at('volume', '/volume')],
            securityContext,
          },
          `${mode} ${user ? 1001 : 0}\ncontent\n${onMemory}\n`,
        )
    }
  }
})

describe('SubPath', () => {
  const sub = (name: string, volume: object, subPath: string, expected: string) =>
    prints(
      `SubPath: Reading content from a ${name} volume (1.12)`,
      {
        script: `cat /test/${subPath === 'dir' ? 'file' : subPath}`,
        volumes: [{ name: 'volume', ...volume }],
        mounts: [
          subPath === 'dir'
            ? at('volume', '/test', { subPath })
            : at('volume', `/test/${subPath}`, { subPath }),
        ],
      },
      expected,
    )
  sub('configmap', { configMap: { name: 'data' } }, 'data-1', 'value-1\n')
  sub(
    'secret',
    { secret: { secretName: 'data', items: [{ key: 'data-2', path: 'dir/file' }] } },
    'dir',
    'value-2\n',
  )
  sub(
    'projected',
    {
      projected: { sources: [{ configMap: { name: 'data', items: [{ key: 'data-3', path: 'dir/file' }] } }] },
    },
    'dir',
    'value-3\n',
  )
  sub(
    'downwardAPI',
    { downwardAPI: { items: [{ path: 'dir/file', fieldRef: { fieldPath: 'metadata.labels' } }] } },
    'dir',
    'app="looking"',
  )
  prints(
    'SubPath: Reading content from a configmap volume, with mountPath of existing file (1.12)',
    {
      script: 'cat /etc/group; ls -d /etc/passwd',
      volumes: [{ name: 'volume', configMap: { name: 'data' } }],
      mounts: [at('volume', '/etc/group', { subPath: 'data-1' })],
    },
    'value-1\n/etc/passwd\n',
  )
})

describe('VolumeSubpathEnvExpansion', () => {
  const env = [{ name: 'POD_NAME', value: 'foo' }]
  const volumes = [{ name: 'volume', emptyDir: {} }]
  prints(
    'VolumeSubpathEnvExpansion, subpath expansion; subpath test writes (1.19)',
    {
      script: 'echo written > /logs/file; cat /whole/foo/file',
      env,
      volumes,
      mounts: [at('volume', '/logs', { subPathExpr: '$(POD_NAME)' }), at('volume', '/whole')],
    },
    'written\n',
  )
})
