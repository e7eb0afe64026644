import { readFileSync } from 'node:fs'
import { directory, type FileNode, file, symlink } from '../files/nodes.ts'
import { ALPINE, alpineBase, debianBase } from './bases.ts'
import { programFile } from './program-file.ts'
import type { CatalogueRepository, ImageRecipe } from './recipe.ts'
import { SOFTWARE } from './sizes.ts'
import { accounts } from './system.ts'

const text = (name: string, mode?: number): FileNode =>
  file(readFileSync(new URL(`files/nginx/${name}`, import.meta.url)), mode ? { mode } : {})

const USERS = { passwd: ['nginx:x:101:101:nginx user:/nonexistent:/bin/false'], group: ['nginx:x:101:nginx'] }
const MAINTAINER = 'NGINX Docker Maintainers <docker-maint@nginx.com>'

interface Release {
  version: string
  created: string
  alpine?: string
}

function recipe({ version, created, alpine }: Release): ImageRecipe {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  return {
    created,
    config: {
      ExposedPorts: { '80/tcp': {} },
      Env: [`PATH=${path}`, `NGINX_VERSION=${version}`, 'PKG_RELEASE=1', 'DYNPKG_RELEASE=1'],
      Entrypoint: ['/docker-entrypoint.sh'],
      Cmd: ['nginx', '-g', 'daemon off;'],
      Labels: { maintainer: MAINTAINER },
      StopSignal: 'SIGQUIT',
    },
    layers: [
      ...(alpine ? alpineBase(alpine) : debianBase()),
      { createdBy: `LABEL maintainer=${MAINTAINER}` },
      { createdBy: `ENV NGINX_VERSION=${version}` },
      {
        createdBy: 'RUN /bin/sh -c set -x && install nginx and its modules # buildkit',
        size: alpine ? SOFTWARE.nginxAlpine : SOFTWARE.nginx,
        files: {
          ...accounts(USERS, alpine ? '/bin/sh' : '/bin/bash'),
          '/usr/sbin/nginx': programFile('nginx', version),
          '/usr/bin/curl': programFile('curl', '8.14.1'),
          '/etc/nginx/nginx.conf': text('nginx.conf'),
          '/etc/nginx/mime.types': text('mime.types'),
          '/etc/nginx/conf.d/default.conf': text('default.conf'),
          '/usr/share/nginx/html/index.html': text('index.html'),
          '/usr/share/nginx/html/50x.html': text('50x.html'),
          '/var/cache/nginx': directory(),
          '/var/log/nginx/access.log': symlink('/dev/stdout'),
          '/var/log/nginx/error.log': symlink('/dev/stderr'),
          '/docker-entrypoint.d': directory(),
        },
      },
      {
        createdBy: 'COPY docker-entrypoint.sh / # buildkit',
        files: { '/docker-entrypoint.sh': text('docker-entrypoint.sh', 0o755) },
      },
      {
        createdBy: 'COPY 10-listen-on-ipv6-by-default.sh /docker-entrypoint.d # buildkit',
        files: {
          '/docker-entrypoint.d/10-listen-on-ipv6-by-default.sh': text(
            '10-listen-on-ipv6-by-default.sh',
            0o755,
          ),
        },
      },
      {
        createdBy: 'COPY 20-envsubst-on-templates.sh /docker-entrypoint.d # buildkit',
        files: {
          '/docker-entrypoint.d/20-envsubst-on-templates.sh': text('20-envsubst-on-templates.sh', 0o755),
        },
      },
      {
        createdBy: 'COPY 30-tune-worker-processes.sh /docker-entrypoint.d # buildkit',
        files: {
          '/docker-entrypoint.d/30-tune-worker-processes.sh': text('30-tune-worker-processes.sh', 0o755),
        },
      },
      { createdBy: 'ENTRYPOINT ["/docker-entrypoint.sh"]' },
      { createdBy: 'EXPOSE map[80/tcp:{}]' },
      { createdBy: 'STOPSIGNAL SIGQUIT' },
      { createdBy: 'CMD ["nginx" "-g" "daemon off;"]' },
    ],
  }
}

const MAINLINE = { version: '1.29.3', created: '2025-11-18T00:59:22Z' }
const STABLE = { version: '1.28.0', created: '2025-11-18T00:58:11Z' }
const OLD = { version: '1.27.5', created: '2025-04-16T14:50:31Z' }

/** Older releases that documentation, charts and courses name; dates of the images from knowledge, 2026-11. */
const EARLIER: [version: string, created: string][] = [
  ['1.26.3', '2025-02-05T21:27:16Z'],
  ['1.25.5', '2024-04-16T18:27:52Z'],
  ['1.24.0', '2023-05-23T08:51:46Z'],
  ['1.23.4', '2023-05-03T19:51:04Z'],
  ['1.22.1', '2022-11-15T04:03:37Z'],
  ['1.21.6', '2022-05-28T05:41:21Z'],
  ['1.20.2', '2022-05-11T01:20:04Z'],
  ['1.19.10', '2021-05-12T08:50:47Z'],
  ['1.18.0', '2021-04-13T03:06:57Z'],
  ['1.17.10', '2020-05-08T21:46:13Z'],
  ['1.16.1', '2020-04-23T13:03:32Z'],
  ['1.16.0', '2019-07-10T18:41:15Z'],
  ['1.15.12', '2019-05-08T03:01:41Z'],
  ['1.14.2', '2019-03-26T23:14:51Z'],
]
/** The newest of a minor has the minor's tag too. */
const minorOf = (version: string): string => version.replace(/\.\d+$/, '')
const isNewest = (version: string): boolean =>
  EARLIER.find(([other]) => minorOf(other) === minorOf(version))?.[0] === version
const tagsOf = (version: string, ending = ''): string[] =>
  [version, ...(isNewest(version) ? [minorOf(version)] : [])].map((tag) => `${tag}${ending}`)

/** The image of Kubernetes' documentation: nginx without the scripts of the official one. Which release a tag has is from knowledge, 2026-11. */
const slim = (version: string): ImageRecipe => {
  const { config, ...rest } = recipe({ version, created: '2024-06-20T00:00:00Z' })
  const { Entrypoint: _, Labels: __, ...kept } = config!
  return { ...rest, config: kept }
}

export const nginxSlim: CatalogueRepository = {
  names: [
    { host: 'registry.k8s.io', repository: 'nginx-slim' },
    { host: 'gcr.io', repository: 'google_containers/nginx-slim' },
  ],
  images: [
    { tags: ['0.27', '0.26'], recipe: () => slim('1.27.1') },
    { tags: ['0.25', '0.24'], recipe: () => slim('1.25.5') },
    { tags: ['0.23', '0.22', '0.21'], recipe: () => slim('1.21.6') },
    { tags: ['0.8', '0.7'], recipe: () => slim('1.11.1') },
  ],
}

/** Official nginx, as tags stood in November 2025 (https://hub.docker.com/_/nginx). */
export const nginx: CatalogueRepository = {
  names: [
    { host: 'registry-1.docker.io', repository: 'library/nginx' },
    { host: 'public.ecr.aws', repository: 'nginx/nginx' },
    { host: 'public.ecr.aws', repository: 'docker/library/nginx' },
  ],
  images: [
    {
      tags: ['latest', 'mainline', '1', '1.29', '1.29.3', 'trixie', '1.29-trixie', '1.29.3-trixie'],
      recipe: () => recipe(MAINLINE),
    },
    {
      tags: ['alpine', 'mainline-alpine', '1-alpine', '1.29-alpine', '1.29.3-alpine', '1.29.3-alpine3.22'],
      recipe: () => recipe({ ...MAINLINE, alpine: ALPINE }),
    },
    { tags: ['stable', '1.28', '1.28.0', 'stable-trixie'], recipe: () => recipe(STABLE) },
    {
      tags: ['stable-alpine', '1.28-alpine', '1.28.0-alpine'],
      recipe: () => recipe({ ...STABLE, alpine: ALPINE }),
    },
    { tags: ['1.27', '1.27.5'], recipe: () => recipe(OLD) },
    { tags: ['1.27-alpine', '1.27.5-alpine'], recipe: () => recipe({ ...OLD, alpine: '3.21.3' }) },
    ...EARLIER.flatMap(([version, created]) => [
      { tags: tagsOf(version), recipe: () => recipe({ version, created }) },
      { tags: tagsOf(version, '-alpine'), recipe: () => recipe({ version, created, alpine: '3.21.3' }) },
    ]),
  ],
}
