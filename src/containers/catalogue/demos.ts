import { directory, file } from '../files/nodes.ts'
import { alpineBase, ubuntuBase } from './bases.ts'
import { programFile } from './program-file.ts'
import type { CatalogueRepository, ImageRecipe, LayerRecipe } from './recipe.ts'
import { programSize, SOFTWARE, SYSTEMS } from './sizes.ts'
import { accounts, amazonLinuxFiles } from './system.ts'

/** Systems, and small services that documentation and courses use. Versions as of November 2025, from knowledge. */
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const HUB = 'registry-1.docker.io'

/** An image of one program and nothing else. */
const single = (
  program: string,
  version: string,
  path: string,
  config: ImageRecipe['config'] = {},
  created = '2025-06-01T00:00:00Z',
): ImageRecipe => ({
  created,
  config: { Env: [PATH], Entrypoint: [path], WorkingDir: '/', ...config },
  layers: [
    {
      createdBy: `COPY ${program} ${path} # buildkit`,
      files: { [path]: programFile(program, version), '/tmp': directory({ mode: 0o1777 }) },
      size: programSize(program, path),
    },
    { createdBy: `ENTRYPOINT ["${path}"]` },
  ],
})

/** Our own service: one release has one version, so that a rollout shows. */
const hello = (version: string): ImageRecipe => ({
  created: '2026-11-28T00:00:00Z',
  config: {
    Env: [PATH, `VERSION=${version}`, 'PORT=8080'],
    ExposedPorts: { '8080/tcp': {} },
    Cmd: ['hello'],
    User: '1000',
    Labels: {
      'org.opencontainers.image.title': 'hello',
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.description':
        'A service with knobs: MESSAGE, VERSION, PORT, LATENCY_MS, ERROR_RATE, START_DELAY_S, READY_AFTER_S, FAIL_ON_START, CRASH_AFTER_S, EXIT_CODE, MEMORY_MB, MEMORY_GROW_MB_PER_S, CPU_CORES, CPU_MS_PER_REQUEST, IGNORE_SIGTERM, SHUTDOWN_DELAY_S, GRPC_PORT (health checks); GET /help lists its paths',
    },
  },
  layers: [
    ...alpineBase(),
    {
      createdBy: 'COPY hello /usr/local/bin/ # buildkit',
      files: {
        '/usr/local/bin/hello': programFile('hello', version),
        '/usr/bin/curl': programFile('curl', '8.14.1'),
      },
    },
    { createdBy: `ENV VERSION=${version}` },
    { createdBy: 'EXPOSE map[8080/tcp:{}]' },
    { createdBy: 'USER 1000' },
    { createdBy: 'CMD ["hello"]' },
  ],
})

const system = (created: string, layers: LayerRecipe[]): ImageRecipe => ({
  created,
  config: { Env: [PATH], Cmd: ['/bin/bash'] },
  layers,
})

const curlImage = (): ImageRecipe => ({
  created: '2025-11-05T00:00:00Z',
  config: { Env: [PATH], Entrypoint: ['/entrypoint.sh'], Cmd: ['curl'], User: 'curl_user' },
  layers: [
    ...alpineBase(),
    {
      createdBy: 'COPY /usr/bin/curl /usr/bin/curl # buildkit',
      size: SOFTWARE.curl,
      files: {
        ...accounts(
          { passwd: ['curl_user:x:100:101::/home/curl_user:/bin/sh'], group: ['curl_group:x:101:'] },
          '/bin/sh',
        ),
        '/usr/bin/curl': programFile('curl', '8.17.0'),
        '/entrypoint.sh': file(
          '#!/bin/sh\nset -e\ncase "$1" in\n  -*) set -- curl "$@" ;;\n  *://*) set -- curl "$@" ;;\nesac\nexec "$@"\n',
          { mode: 0o755 },
        ),
      },
    },
  ],
})

const stress = (): ImageRecipe => ({
  created: '2018-09-01T00:00:00Z',
  config: { Env: [PATH], Cmd: ['/bin/bash'] },
  layers: [
    ...alpineBase(),
    {
      createdBy: 'RUN /bin/sh -c install stress # buildkit',
      files: {
        '/bin/bash': programFile('bash', '5.2.37'),
        '/usr/local/bin/stress': programFile('stress', '1.0.4'),
      },
      size: SOFTWARE.stress,
    },
  ],
})

export const demos: CatalogueRepository[] = [
  {
    names: [
      { host: HUB, repository: 'drydock/hello' },
      { host: 'public.ecr.aws', repository: 'drydock/hello' },
    ],
    images: [
      { tags: ['latest', '2', '2.0', '2.0.0'], recipe: () => hello('2.0.0') },
      { tags: ['1', '1.0', '1.0.0'], recipe: () => hello('1.0.0') },
    ],
  },
  {
    names: [
      { host: HUB, repository: 'library/hello-world' },
      { host: 'public.ecr.aws', repository: 'docker/library/hello-world' },
    ],
    images: [
      {
        tags: ['latest', 'linux'],
        recipe: () =>
          single('hello-world', '1', '/hello', { Entrypoint: null, Cmd: ['/hello'] }, '2025-08-08T19:05:17Z'),
      },
    ],
  },
  {
    names: [
      { host: HUB, repository: 'library/ubuntu' },
      { host: 'public.ecr.aws', repository: 'docker/library/ubuntu' },
      { host: 'public.ecr.aws', repository: 'ubuntu/ubuntu' },
    ],
    images: [
      {
        tags: ['latest', '24.04', 'noble'],
        recipe: () => system('2025-10-13T00:00:00Z', ubuntuBase('noble')),
      },
      {
        tags: ['22.04', 'jammy'],
        recipe: () => system('2025-10-13T00:00:00Z', ubuntuBase('jammy')),
      },
    ],
  },
  {
    names: [
      { host: HUB, repository: 'library/amazonlinux' },
      { host: 'public.ecr.aws', repository: 'docker/library/amazonlinux' },
      { host: 'public.ecr.aws', repository: 'amazonlinux/amazonlinux' },
    ],
    images: [
      {
        tags: ['latest', '2023'],
        recipe: () =>
          system('2025-11-10T00:00:00Z', [
            {
              createdBy: 'COPY /rootfs/ / # buildkit',
              files: amazonLinuxFiles(),
              size: SYSTEMS.amazonLinux,
            },
            { createdBy: 'CMD ["/bin/bash"]' },
          ]),
      },
    ],
  },
  {
    names: [
      { host: 'gcr.io', repository: 'google-samples/hello-app' },
      { host: 'us-docker.pkg.dev', repository: 'google-samples/containers/gke/hello-app' },
    ],
    images: ['2.0', '1.0'].map((version) => ({
      tags: [version],
      recipe: () =>
        single('hello-app', `${version}.0`, '/hello-app', { Env: [PATH, 'PORT=8080'], User: '65532' }),
    })),
  },
  {
    names: [{ host: HUB, repository: 'hashicorp/http-echo' }],
    images: [
      {
        tags: ['latest', '1.0', '1.0.0', '0.2.3'],
        recipe: () => single('http-echo', '1.0.0', '/http-echo', { ExposedPorts: { '5678/tcp': {} } }),
      },
    ],
  },
  {
    names: [{ host: HUB, repository: 'traefik/whoami' }],
    images: [
      {
        tags: ['latest', 'v1.11', 'v1.11.0', 'v1.10'],
        recipe: () => single('whoami', '1.11.0', '/whoami', { ExposedPorts: { '80/tcp': {} } }),
      },
    ],
  },
  {
    names: [{ host: 'registry.k8s.io', repository: 'hpa-example' }],
    images: [
      {
        tags: ['latest'],
        recipe: () => single('hpa-example', '1', '/usr/sbin/apache2', { ExposedPorts: { '80/tcp': {} } }),
      },
    ],
  },
  {
    names: [{ host: HUB, repository: 'curlimages/curl' }],
    images: [{ tags: ['latest', '8.17.0', '8.16.0', '8.11.1'], recipe: curlImage }],
  },
  {
    names: [{ host: HUB, repository: 'kennethreitz/httpbin' }],
    images: [
      {
        tags: ['latest'],
        recipe: () =>
          single(
            'httpbin',
            '0.9.2',
            '/usr/local/bin/gunicorn',
            { ExposedPorts: { '80/tcp': {} } },
            '2018-10-24T00:00:00Z',
          ),
      },
    ],
  },
  {
    names: [{ host: HUB, repository: 'nginxdemos/hello' }],
    images: [
      {
        tags: ['plain-text', 'latest'],
        recipe: () => single('nginx-hello', '0.4', '/usr/sbin/nginx', { ExposedPorts: { '80/tcp': {} } }),
      },
    ],
  },
  {
    names: [{ host: HUB, repository: 'polinux/stress' }],
    images: [{ tags: ['latest', '1.0.4'], recipe: stress }],
  },
  {
    names: [{ host: HUB, repository: 'vish/stress' }],
    images: [
      { tags: ['latest'], recipe: () => single('stress', '1', '/stress', {}, '2016-01-01T00:00:00Z') },
    ],
  },
]
