import { directory, file, symlink } from '../files/nodes.ts'
import { alpineBase, buildpackBase, debianBase, ubuntuBase } from './bases.ts'
import { programFile } from './program-file.ts'
import type { CatalogueRepository, ImageRecipe, LayerRecipe } from './recipe.ts'
import { SOFTWARE, SYSTEMS } from './sizes.ts'
import { accounts, type DebianRelease, debianFiles } from './system.ts'

/** Further official images of servers and tools. Versions as of November 2025, from knowledge. */
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const official = (name: string) => [
  { host: 'registry-1.docker.io', repository: `library/${name}` },
  { host: 'public.ecr.aws', repository: `docker/library/${name}` },
]

const script = (text: string) => file(text, { mode: 0o755 })

const REGISTRY_CONFIG = `version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`

const REGISTRY_ENTRYPOINT = `#!/bin/sh

set -e

case "$1" in
    *.yaml|*.yml) set -- registry serve "$@" ;;
    serve|garbage-collect|help|-*) set -- registry "$@" ;;
esac

exec "$@"
`

const registry = (version: string, config: string): ImageRecipe => ({
  created: '2023-10-02T18:42:42Z',
  config: {
    Env: [PATH],
    ExposedPorts: { '5000/tcp': {} },
    Volumes: { '/var/lib/registry': {} },
    Entrypoint: ['/entrypoint.sh'],
    Cmd: [config],
    WorkingDir: '/',
  },
  layers: [
    ...alpineBase(),
    {
      createdBy: 'COPY /registry /bin/registry # buildkit',
      files: { '/bin/registry': programFile('registry', version) },
      size: version.startsWith('v3') ? SOFTWARE.registry3 : SOFTWARE.registry2,
    },
    { createdBy: `COPY config.yml ${config} # buildkit`, files: { [config]: file(REGISTRY_CONFIG) } },
    { createdBy: 'VOLUME [/var/lib/registry]', files: { '/var/lib/registry': directory() } },
    { createdBy: 'EXPOSE map[5000/tcp:{}]' },
    {
      createdBy: 'COPY entrypoint.sh /entrypoint.sh # buildkit',
      files: { '/entrypoint.sh': script(REGISTRY_ENTRYPOINT) },
    },
    { createdBy: 'ENTRYPOINT ["/entrypoint.sh"]' },
    { createdBy: `CMD ["${config}"]` },
  ],
})

const memcached = (version: string, alpine: boolean): ImageRecipe => {
  const user = { passwd: ['memcache:x:11211:11211::/nonexistent:/bin/false'], group: ['memcache:x:11211:'] }
  return {
    created: '2025-11-18T02:00:00Z',
    config: {
      Env: [PATH, `MEMCACHED_VERSION=${version}`],
      ExposedPorts: { '11211/tcp': {} },
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['memcached'],
      User: 'memcache',
    },
    layers: [
      ...(alpine ? alpineBase() : debianBase()),
      { createdBy: `ENV MEMCACHED_VERSION=${version}` },
      {
        createdBy: 'RUN /bin/sh -c set -x; install memcached # buildkit',
        files: {
          ...accounts(user, alpine ? '/bin/sh' : '/bin/bash'),
          '/usr/local/bin/memcached': programFile('memcached', version),
        },
        size: alpine ? SOFTWARE.memcachedAlpine : SOFTWARE.memcached,
      },
      {
        createdBy: 'COPY docker-entrypoint.sh /usr/local/bin/ # buildkit',
        files: {
          '/usr/local/bin/docker-entrypoint.sh': script(
            '#!/bin/sh\nset -e\n\nif [ "${1#-}" != "$1" ]; then\n\tset -- memcached "$@"\nfi\n\nexec "$@"\n',
          ),
        },
      },
      { createdBy: 'ENTRYPOINT ["docker-entrypoint.sh"]' },
      { createdBy: 'USER memcache' },
      { createdBy: 'EXPOSE map[11211/tcp:{}]' },
      { createdBy: 'CMD ["memcached"]' },
    ],
  }
}

/** As the official entrypoints do: initialize an empty data folder, and refuse to without a word on the root password. */
const sqlEntrypoint = (variable: string, server: string, label: string, version: string) => `#!/bin/sh
set -e

note() { echo "$(date '+%Y-%m-%d %H:%M:%S+00:00') [$1] [Entrypoint]: $2"; }

if [ "\${1#-}" != "$1" ]; then
	set -- ${server} "$@"
fi

if [ "$1" = '${server}' ]; then
	note Note "Entrypoint script for ${label} Server ${version} started."
	if [ ! -d /var/lib/mysql/mysql ]; then
		if [ -z "$MYSQL_ROOT_PASSWORD$MYSQL_ALLOW_EMPTY_PASSWORD$MYSQL_RANDOM_ROOT_PASSWORD${variable === 'MYSQL' ? '' : '$MARIADB_ROOT_PASSWORD$MARIADB_ROOT_PASSWORD_HASH$MARIADB_ALLOW_EMPTY_ROOT_PASSWORD$MARIADB_RANDOM_ROOT_PASSWORD'}" ]; then
			note ERROR 'Database is uninitialized and password option is not specified'
			echo '    You need to specify one of the following as an environment variable:'
			${
        variable === 'MYSQL'
          ? "echo '    - MYSQL_ROOT_PASSWORD'\n\t\t\techo '    - MYSQL_ALLOW_EMPTY_PASSWORD'\n\t\t\techo '    - MYSQL_RANDOM_ROOT_PASSWORD'"
          : "echo '    - MARIADB_ROOT_PASSWORD'\n\t\t\techo '    - MARIADB_ROOT_PASSWORD_HASH'\n\t\t\techo '    - MARIADB_ALLOW_EMPTY_ROOT_PASSWORD'\n\t\t\techo '    - MARIADB_RANDOM_ROOT_PASSWORD'"
      }
			exit 1
		fi >&2
		note Note 'Initializing database files'
		for folder in mysql performance_schema sys "$MYSQL_DATABASE" "\${MARIADB_DATABASE:-}"; do
			[ -z "$folder" ] || mkdir -p "/var/lib/mysql/$folder"
		done
		: > /var/lib/mysql/ibdata1
		note Note 'Database files initialized'
		[ -z "\${MYSQL_DATABASE:-$MARIADB_DATABASE}" ] || note Note "Creating database \${MYSQL_DATABASE:-$MARIADB_DATABASE}"
		[ -z "\${MYSQL_USER:-$MARIADB_USER}" ] || note Note "Creating user \${MYSQL_USER:-$MARIADB_USER}"
		for script in /docker-entrypoint-initdb.d/*; do
			[ -e "$script" ] || break
			case "$script" in
				*.sh) note Note "running $script"; . "$script" ;;
				*) echo "drydock: $script is not run: the simulation of ${label} has no SQL" ;;
			esac
		done
		note Note '${label} init process done. Ready for start up.'
	fi
fi

exec "$@"
`

/** MySQL stands on Oracle Linux, whose files are those of Debian here; MariaDB on Ubuntu. */
const SQL_BASES: Record<'mysql' | 'mariadb', () => LayerRecipe[]> = {
  mysql: () => [
    {
      createdBy: 'ADD oraclelinux-9-slim-amd64-rootfs.tar.xz / # buildkit',
      files: debianFiles(),
      size: SYSTEMS.oracleLinux,
      created: '2025-11-04T00:00:00Z',
    },
    {
      createdBy:
        'RUN /bin/sh -c set -eux; microdnf install -y bzip2 gzip openssl xz zstd findutils; microdnf clean all # buildkit',
      files: {},
      size: SOFTWARE.mysqlTools,
    },
  ],
  mariadb: () => [
    ...ubuntuBase('noble'),
    {
      createdBy:
        'RUN /bin/sh -c set -eux; apt-get install -y --no-install-recommends ca-certificates gpg pwgen tzdata xz-utils zstd # buildkit',
      files: {},
      size: SOFTWARE.mariadbTools,
    },
  ],
}

const sql = (product: 'mysql' | 'mariadb', version: string): ImageRecipe => {
  const [variable, server, client, admin, label] =
    product === 'mysql'
      ? ['MYSQL', 'mysqld', 'mysql', 'mysqladmin', 'MySQL']
      : ['MARIADB', 'mariadbd', 'mariadb', 'mariadb-admin', 'MariaDB']
  return {
    created: '2025-11-05T00:00:00Z',
    config: {
      Env: [PATH, `${variable}_VERSION=${version}`],
      ExposedPorts: { '3306/tcp': {}, ...(product === 'mysql' ? { '33060/tcp': {} } : {}) },
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: [server],
      Volumes: { '/var/lib/mysql': {} },
    },
    layers: [
      ...SQL_BASES[product](),
      {
        createdBy:
          'RUN /bin/sh -c groupadd --system --gid 999 mysql && useradd --system --uid 999 --gid 999 --home-dir /var/lib/mysql --no-create-home mysql # buildkit',
        files: accounts(
          { passwd: ['mysql:x:999:999::/var/lib/mysql:/bin/bash'], group: ['mysql:x:999:'] },
          '/bin/bash',
        ),
      },
      { createdBy: `ENV ${variable}_VERSION=${version}` },
      {
        createdBy: `RUN /bin/sh -c set -eux; install ${product} # buildkit`,
        size: SOFTWARE[product],
        files: {
          [`/usr/sbin/${server}`]: programFile(server, version),
          [`/usr/bin/${client}`]: programFile(client, version),
          [`/usr/bin/${admin}`]: programFile(admin, version),
          ...(product === 'mariadb'
            ? {
                '/usr/local/bin/healthcheck.sh': programFile(admin, version),
                '/usr/sbin/mysqld': symlink(server),
              }
            : {}),
          '/docker-entrypoint-initdb.d': directory(),
          '/var/run/mysqld': directory({ mode: 0o1777, uid: 999, gid: 999 }),
          '/var/lib/mysql': directory({ uid: 999, gid: 999 }),
        },
      },
      ...(product === 'mysql'
        ? [
            {
              createdBy:
                'RUN /bin/sh -c set -eux; microdnf install -y mysql-shell; microdnf clean all # buildkit',
              files: {},
              size: SOFTWARE.mysqlShell,
            },
          ]
        : []),
      { createdBy: 'VOLUME [/var/lib/mysql]' },
      {
        createdBy: 'COPY docker-entrypoint.sh /usr/local/bin/ # buildkit',
        files: {
          '/usr/local/bin/docker-entrypoint.sh': script(sqlEntrypoint(variable, server, label, version)),
        },
      },
      { createdBy: 'ENTRYPOINT ["docker-entrypoint.sh"]' },
      { createdBy: 'EXPOSE map[3306/tcp:{}]' },
      { createdBy: `CMD ["${server}"]` },
    ],
  }
}

const golang = (version: string, system: 'alpine' | DebianRelease): ImageRecipe => ({
  created: '2025-11-06T00:00:00Z',
  config: {
    Env: [
      `PATH=/go/bin:/usr/local/go/bin:${PATH.slice(5)}`,
      `GOLANG_VERSION=${version}`,
      'GOTOOLCHAIN=local',
      'GOPATH=/go',
    ],
    Cmd: [system === 'alpine' ? '/bin/sh' : 'bash'],
    WorkingDir: '/go',
  },
  layers: [
    ...(system === 'alpine' ? alpineBase() : buildpackBase('scm', system)),
    { createdBy: `ENV GOLANG_VERSION=${version}` },
    {
      createdBy: 'COPY /target/ / # buildkit',
      size: SOFTWARE.go,
      files: {
        '/usr/local/go/bin/go': programFile('go', version),
        '/usr/local/go/VERSION': file(`go${version}\n`),
      },
    },
    {
      createdBy: 'RUN /bin/sh -c mkdir -p "$GOPATH/src" "$GOPATH/bin" # buildkit',
      files: { '/go/src': directory(), '/go/bin': directory() },
    },
    { createdBy: 'WORKDIR /go' },
  ],
})

export const services: CatalogueRepository[] = [
  {
    names: official('registry'),
    images: [
      {
        tags: ['3', '3.0', '3.0.0', 'latest'],
        recipe: () => registry('v3.0.0', '/etc/distribution/config.yml'),
      },
      {
        tags: ['2', '2.8', '2.8.3', '2.7'],
        recipe: () => registry('v2.8.3', '/etc/docker/registry/config.yml'),
      },
    ],
  },
  {
    names: official('memcached'),
    images: [
      { tags: ['latest', '1', '1.6', '1.6.39'], recipe: () => memcached('1.6.39', false) },
      {
        tags: ['alpine', '1-alpine', '1.6-alpine', '1.6.39-alpine'],
        recipe: () => memcached('1.6.39', true),
      },
    ],
  },
  {
    names: official('mysql'),
    images: [
      { tags: ['latest', 'innovation', '9', '9.5', '9.5.0'], recipe: () => sql('mysql', '9.5.0') },
      { tags: ['lts', '8', '8.4', '8.4.7'], recipe: () => sql('mysql', '8.4.7') },
      { tags: ['8.0', '8.0.44', '5.7', '5.6'], recipe: () => sql('mysql', '8.0.44') },
    ],
  },
  {
    names: official('mariadb'),
    images: [
      { tags: ['latest', '12', '12.0', '12.0.2', 'noble'], recipe: () => sql('mariadb', '12.0.2') },
      { tags: ['lts', '11', '11.8', '11.8.3', '10.11', '10'], recipe: () => sql('mariadb', '11.8.3') },
    ],
  },
  {
    names: official('golang'),
    images: [
      {
        tags: ['latest', '1', '1.25', '1.25.4', 'trixie', '1.25-trixie'],
        recipe: () => golang('1.25.4', 'trixie'),
      },
      { tags: ['bookworm', '1-bookworm', '1.25-bookworm'], recipe: () => golang('1.25.4', 'bookworm') },
      {
        tags: ['alpine', '1-alpine', '1.25-alpine', '1.25.4-alpine'],
        recipe: () => golang('1.25.4', 'alpine'),
      },
      { tags: ['1.24', '1.23', '1.22', '1.21'], recipe: () => golang('1.24.10', 'trixie') },
      {
        tags: ['1.24-alpine', '1.23-alpine', '1.22-alpine', '1.21-alpine'],
        recipe: () => golang('1.24.10', 'alpine'),
      },
    ],
  },
]
