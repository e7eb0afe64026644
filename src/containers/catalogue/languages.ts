import { directory, file, symlink, type TreeNode } from '../files/nodes.ts'
import { alpineBase, buildpackBase, debianBase } from './bases.ts'
import { programFile } from './program-file.ts'
import type { CatalogueRepository, Files, ImageRecipe, LayerRecipe } from './recipe.ts'
import { SOFTWARE } from './sizes.ts'
import { accounts, type DebianRelease } from './system.ts'

/** Official images of languages, with their system below. Versions as of November 2025, from knowledge. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const CREATED = '2025-11-18T01:05:00Z'

/** What an image of a language stands on. */
type Variant = 'full' | 'slim' | 'alpine'

const BASES: Record<Variant, (release?: DebianRelease) => LayerRecipe[]> = {
  full: (release) => buildpackBase('all', release),
  slim: (release) => debianBase('slim', release),
  alpine: () => alpineBase(),
}

const official = (name: string) => [
  { host: 'registry-1.docker.io', repository: `library/${name}` },
  { host: 'public.ecr.aws', repository: `docker/library/${name}` },
]

const entrypoint = (command: string, binary: string): TreeNode =>
  file(
    `#!/bin/sh\nset -e\n\n# A first argument that is an option or no command at all is for ${binary}.\nif [ "\${1#-}" != "\${1}" ] || [ -z "$(command -v "\${1}")" ] || { [ -f "\${1}" ] && ! [ -x "\${1}" ]; }; then\n  set -- ${command} "$@"\nfi\n\nexec "$@"\n`,
    { mode: 0o755 },
  )

function node(version: string, variant: Variant): ImageRecipe {
  const users = { passwd: ['node:x:1000:1000::/home/node:/bin/sh'], group: ['node:x:1000:'] }
  const program: Files = {
    ...accounts(users, variant === 'alpine' ? '/bin/sh' : '/bin/bash'),
    '/usr/local/bin/node': programFile('node', version),
    '/usr/local/bin/nodejs': symlink('node'),
    '/usr/local/bin/npm': programFile('npm', '11.6.2'),
    '/usr/local/bin/npx': programFile('npm', '11.6.2'),
    '/home/node': directory({ uid: 1000, gid: 1000 }),
  }
  return {
    created: CREATED,
    config: {
      Env: [`PATH=${PATH}`, `NODE_VERSION=${version}`, 'YARN_VERSION=1.22.22'],
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['node'],
    },
    layers: [
      ...BASES[variant]('bookworm'),
      { createdBy: `ENV NODE_VERSION=${version}` },
      {
        createdBy: 'RUN /bin/sh -c set -ex; install node # buildkit',
        files: program,
        size: { full: SOFTWARE.node, slim: SOFTWARE.nodeSlim, alpine: SOFTWARE.nodeAlpine }[variant],
      },
      { createdBy: 'ENV YARN_VERSION=1.22.22' },
      { createdBy: 'RUN /bin/sh -c set -ex; install yarn # buildkit', files: {}, size: SOFTWARE.yarn },
      {
        createdBy: 'COPY docker-entrypoint.sh /usr/local/bin/ # buildkit',
        files: { '/usr/local/bin/docker-entrypoint.sh': entrypoint('node', 'node') },
      },
      { createdBy: 'ENTRYPOINT ["docker-entrypoint.sh"]' },
      { createdBy: 'CMD ["node"]' },
    ],
  }
}

/** The CPython that scripts run in. */
const PYTHON = '3.13.2'

function python(variant: Variant): ImageRecipe {
  return {
    created: '2025-03-04T00:00:00Z',
    config: {
      Env: [`PATH=${PATH}`, 'LANG=C.UTF-8', `PYTHON_VERSION=${PYTHON}`],
      Cmd: ['python3'],
    },
    layers: [
      ...BASES[variant](),
      ...(variant === 'full'
        ? [
            {
              createdBy:
                'RUN /bin/sh -c set -eux; apt-get update; apt-get install -y --no-install-recommends libbluetooth-dev tk-dev uuid-dev; rm -rf /var/lib/apt/lists/* # buildkit',
              files: {},
              size: SOFTWARE.pythonPackages,
            },
          ]
        : []),
      { createdBy: `ENV PYTHON_VERSION=${PYTHON}` },
      {
        createdBy: 'RUN /bin/sh -c set -eux; install python # buildkit',
        size: { full: SOFTWARE.python, slim: SOFTWARE.pythonSlim, alpine: SOFTWARE.pythonAlpine }[variant],
        files: {
          '/usr/local/bin/python3.13': programFile('python3', PYTHON),
          '/usr/local/bin/python3': symlink('python3.13'),
          '/usr/local/bin/python': symlink('python3.13'),
          '/usr/local/bin/pip': programFile('pip', '24.3.1'),
          '/usr/local/bin/pip3': symlink('pip'),
          '/usr/local/lib/python3.13/site-packages': directory(),
        },
      },
      { createdBy: 'CMD ["python3"]' },
    ],
  }
}

/** The Perl that programs run in. */
const PERL = '5.42.0'

const perl = (variant: 'full' | 'slim'): ImageRecipe => ({
  created: '2025-11-18T01:05:00Z',
  config: { Env: [`PATH=${PATH}`], Cmd: [`perl${PERL}`, '-de0'], WorkingDir: '/usr/src/app' },
  layers: [
    ...BASES[variant](),
    { createdBy: 'WORKDIR /usr/src/app', files: { '/usr/src/app': directory() } },
    {
      createdBy: 'RUN /bin/sh -c true && install perl # buildkit',
      size: SOFTWARE.perl,
      files: {
        [`/usr/local/bin/perl${PERL}`]: programFile('perl', PERL),
        '/usr/local/bin/perl': symlink(`perl${PERL}`),
      },
    },
    { createdBy: `CMD ["perl${PERL}" "-de0"]` },
  ],
})

export const languages: CatalogueRepository[] = [
  {
    names: official('perl'),
    images: [
      {
        tags: ['latest', '5', '5.42', PERL, '5.40', '5.40.0', '5.38', '5.36', '5.34', '5.34.0'],
        recipe: () => perl('full'),
      },
      { tags: ['slim', '5-slim', '5.42-slim'], recipe: () => perl('slim') },
    ],
  },
  {
    names: official('node'),
    images: [
      {
        tags: ['latest', 'lts', 'krypton', '24', '24.11', '24.11.1', 'bookworm', '24-bookworm'],
        recipe: () => node('24.11.1', 'full'),
      },
      {
        tags: ['slim', '24-slim', 'bookworm-slim', '24-bookworm-slim'],
        recipe: () => node('24.11.1', 'slim'),
      },
      {
        tags: ['alpine', 'lts-alpine', '24-alpine', '24.11-alpine', '24.11.1-alpine'],
        recipe: () => node('24.11.1', 'alpine'),
      },
      { tags: ['22', '22.21.1', 'jod', '22-bookworm'], recipe: () => node('22.21.1', 'full') },
      { tags: ['22-slim', '22-bookworm-slim'], recipe: () => node('22.21.1', 'slim') },
      { tags: ['22-alpine', '22.21.1-alpine', 'jod-alpine'], recipe: () => node('22.21.1', 'alpine') },
      { tags: ['20', '20.19.5', '20-bookworm'], recipe: () => node('20.19.5', 'full') },
      { tags: ['20-slim', '20-bookworm-slim'], recipe: () => node('20.19.5', 'slim') },
      { tags: ['20-alpine', '20.19.5-alpine', '18-alpine'], recipe: () => node('20.19.5', 'alpine') },
    ],
  },
  {
    names: official('python'),
    images: [
      {
        tags: ['latest', '3', '3.13', PYTHON, '3.12', '3.11', '3.10'],
        recipe: () => python('full'),
      },
      {
        tags: ['slim', '3-slim', '3.13-slim', `${PYTHON}-slim`, '3.12-slim', '3.11-slim', '3.10-slim'],
        recipe: () => python('slim'),
      },
      {
        tags: [
          'alpine',
          '3-alpine',
          '3.13-alpine',
          `${PYTHON}-alpine`,
          '3.12-alpine',
          '3.11-alpine',
          '3.10-alpine',
        ],
        recipe: () => python('alpine'),
      },
    ],
  },
]
