import { alpineBase } from './bases.ts'
import { programFile } from './program-file.ts'
import type { CatalogueRepository, ImageRecipe } from './recipe.ts'
import { programSize, SOFTWARE } from './sizes.ts'

/** Test images of Kubernetes that its documentation runs. Tags as the documentation names them, from knowledge, 2026-11. */
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const HOST = 'registry.k8s.io'

const AGNHOST = [
  '2.57',
  '2.56',
  '2.55',
  '2.53',
  '2.52',
  '2.47',
  '2.45',
  '2.43',
  '2.40',
  '2.39',
  '2.38',
  '2.33',
  '2.21',
]

function agnhost(version: string): ImageRecipe {
  return {
    created: '2024-06-20T00:00:00Z',
    config: {
      Env: [PATH],
      Entrypoint: ['/agnhost'],
      Cmd: ['pause'],
      ExposedPorts: { '80/tcp': {}, '8080/tcp': {}, '8081/tcp': {}, '9376/tcp': {} },
    },
    layers: [
      ...alpineBase(),
      {
        createdBy: 'RUN /bin/sh -c apk --update add bind-tools curl netcat-openbsd iproute2 # buildkit',
        size: SOFTWARE.agnhostTools,
        files: {
          '/sbin/ip': programFile('iproute2', '6.9.0'),
          '/usr/bin/curl': programFile('curl', '8.14.1'),
        },
      },
      {
        createdBy: 'ADD agnhost agnhost # buildkit',
        files: { '/agnhost': programFile('agnhost', version) },
        size: programSize('agnhost', '/agnhost'),
      },
      { createdBy: 'ENTRYPOINT ["/agnhost"]' },
      { createdBy: 'CMD ["pause"]' },
    ],
  }
}

const program = (name: string, path: string, port: number): ImageRecipe => ({
  created: '2018-03-01T00:00:00Z',
  config: { Env: [PATH], Entrypoint: [path], ExposedPorts: { [`${port}/tcp`]: {} } },
  layers: [
    ...alpineBase(),
    {
      createdBy: `ADD ${name} ${path} # buildkit`,
      files: { [path]: programFile(name, '1') },
      size: programSize(name, path),
    },
  ],
})

export const documentation: CatalogueRepository[] = [
  {
    names: [
      { host: HOST, repository: 'e2e-test-images/agnhost' },
      { host: 'k8s.gcr.io', repository: 'e2e-test-images/agnhost' },
    ],
    images: AGNHOST.map((version) => ({ tags: [version], recipe: () => agnhost(version) })),
  },
  {
    names: [{ host: HOST, repository: 'serve_hostname' }],
    images: [
      { tags: ['latest', '1.4', 'v1.4'], recipe: () => program('serve_hostname', '/serve_hostname', 9376) },
    ],
  },
  {
    names: [{ host: HOST, repository: 'echoserver' }],
    images: [
      {
        tags: ['1.10', '1.9', '1.8', '1.4'],
        recipe: () => program('echoserver', '/usr/local/bin/run.sh', 8080),
      },
    ],
  },
]
