import { directory, file, symlink } from '../files/nodes.ts'
import { alpineBase, debianBase } from './bases.ts'
import { programFile } from './program-file.ts'
import type { CatalogueRepository, ImageRecipe } from './recipe.ts'
import { SOFTWARE } from './sizes.ts'
import { accounts } from './system.ts'

/** Official images of databases. Versions as of November 2025, from knowledge. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const official = (name: string) => [
  { host: 'registry-1.docker.io', repository: `library/${name}` },
  { host: 'public.ecr.aws', repository: `docker/library/${name}` },
]

const base = (alpine: boolean) => (alpine ? alpineBase() : debianBase())
const shell = (alpine: boolean) => (alpine ? '/bin/sh' : '/bin/bash')

/** From 8 on Redis has its modules in it. */
const redisSize = (version: string, alpine: boolean) =>
  Number.parseInt(version, 10) >= 8
    ? SOFTWARE[alpine ? 'redisAlpine' : 'redis']
    : SOFTWARE[alpine ? 'redisPlainAlpine' : 'redisPlain']

function redis(version: string, alpine: boolean): ImageRecipe {
  return {
    created: '2025-11-18T02:10:00Z',
    config: {
      Env: [`PATH=${PATH}`, `REDIS_VERSION=${version}`],
      ExposedPorts: { '6379/tcp': {} },
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['redis-server'],
      WorkingDir: '/data',
      Volumes: { '/data': {} },
    },
    layers: [
      ...(alpine ? alpineBase() : debianBase('slim', 'bookworm')),
      {
        createdBy:
          'RUN /bin/sh -c set -eux; groupadd -r -g 999 redis; useradd -r -g redis -u 999 redis # buildkit',
        files: accounts(
          { passwd: ['redis:x:999:999::/data:/usr/sbin/nologin'], group: ['redis:x:999:'] },
          shell(alpine),
        ),
      },
      { createdBy: `ENV REDIS_VERSION=${version}` },
      {
        createdBy: 'RUN /bin/sh -c set -eux; build redis # buildkit',
        size: redisSize(version, alpine),
        files: {
          '/usr/local/bin/redis-server': programFile('redis-server', version),
          '/usr/local/bin/redis-cli': programFile('redis-cli', version),
          '/data': directory({ uid: 999, gid: 999 }),
        },
      },
      { createdBy: 'VOLUME [/data]' },
      { createdBy: 'WORKDIR /data' },
      {
        createdBy: 'COPY docker-entrypoint.sh /usr/local/bin/ # buildkit',
        files: {
          '/usr/local/bin/docker-entrypoint.sh': file(
            '#!/bin/sh\nset -e\n\n# Options, or a configuration file, are for the server.\nif [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then\n\tset -- redis-server "$@"\nfi\n\nexec "$@"\n',
            { mode: 0o755 },
          ),
        },
      },
      { createdBy: 'ENTRYPOINT ["docker-entrypoint.sh"]' },
      { createdBy: 'EXPOSE map[6379/tcp:{}]' },
      { createdBy: 'CMD ["redis-server"]' },
    ],
  }
}

/** As the official entrypoint does: initializes an empty data folder, and refuses to without a password. */
const POSTGRES_ENTRYPOINT = `#!/bin/sh
set -e

if [ "\${1#-}" != "$1" ]; then
	set -- postgres "$@"
fi

if [ "$1" = 'postgres' ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
	if [ -z "$POSTGRES_PASSWORD" ] && [ 'trust' != "$POSTGRES_HOST_AUTH_METHOD" ]; then
		cat >&2 <<-'EOE'
			Error: Database is uninitialized and superuser password is not specified.
			       You must specify POSTGRES_PASSWORD to a non-empty value for the
			       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".

			       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all
			       connections without a password. This is *not* recommended.

			       See PostgreSQL documentation about "trust":
			       https://www.postgresql.org/docs/current/auth-trust.html
		EOE
		exit 1
	fi
	user="\${POSTGRES_USER:-postgres}"
	mkdir -p "$PGDATA"
	cat <<EOE
The files belonging to this database system will be owned by user "postgres".
This user must also own the server process.

The database cluster will be initialized with locale "en_US.utf8".
The default database encoding has accordingly been set to "UTF8".
The default text search configuration will be set to "english".

Data page checksums are enabled.

fixing permissions on existing directory $PGDATA ... ok
creating subdirectories ... ok
selecting dynamic shared memory implementation ... posix
selecting default "max_connections" ... 100
selecting default "shared_buffers" ... 128MB
selecting default time zone ... Etc/UTC
creating configuration files ... ok
running bootstrap script ... ok
performing post-bootstrap initialization ... ok
syncing data to disk ... ok


Success. You can now start the database server using:

    pg_ctl -D $PGDATA -l logfile start

EOE
	for folder in base global pg_wal pg_stat; do mkdir -p "$PGDATA/$folder"; done
	echo "\${PG_MAJOR}" > "$PGDATA/PG_VERSION"
	echo "listen_addresses = '*'" > "$PGDATA/postgresql.conf"
	echo "host all all all \${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" > "$PGDATA/pg_hba.conf"
	[ "\${POSTGRES_DB:-$user}" = postgres ] || echo "CREATE DATABASE"
	for script in /docker-entrypoint-initdb.d/*; do
		[ -e "$script" ] || { echo; echo "/usr/local/bin/docker-entrypoint.sh: ignoring /docker-entrypoint-initdb.d/*"; break; }
		case "$script" in
			*.sh) echo "/usr/local/bin/docker-entrypoint.sh: sourcing $script"; . "$script" ;;
			*) echo "drydock: $script is not run: the simulation of PostgreSQL has no SQL" ;;
		esac
	done
	echo
	echo 'PostgreSQL init process complete; ready for start up.'
	echo
elif [ "$1" = 'postgres' ]; then
	echo
	echo 'PostgreSQL Database directory appears to contain a database; Skipping initialization'
	echo
fi

exec "$@"
`

function postgres(version: string, alpine: boolean): ImageRecipe {
  const major = version.split('.')[0]!
  // From 18 on the data lie in a folder of the version (https://hub.docker.com/_/postgres).
  const data = Number(major) >= 18 ? `/var/lib/postgresql/${major}/docker` : '/var/lib/postgresql/data'
  const volume = Number(major) >= 18 ? '/var/lib/postgresql' : data
  return {
    created: '2025-11-18T03:20:00Z',
    config: {
      Env: [
        `PATH=${PATH}:/usr/lib/postgresql/${major}/bin`,
        'LANG=en_US.utf8',
        `PG_MAJOR=${major}`,
        `PG_VERSION=${version}-1.pgdg13+1`,
        `PGDATA=${data}`,
      ],
      ExposedPorts: { '5432/tcp': {} },
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['postgres'],
      Volumes: { [volume]: {} },
      StopSignal: 'SIGINT',
    },
    layers: [
      ...base(alpine),
      {
        createdBy:
          'RUN /bin/sh -c set -eux; groupadd -r postgres --gid=999; useradd -r -g postgres --uid=999 --home-dir=/var/lib/postgresql --shell=/bin/bash postgres # buildkit',
        files: accounts(
          {
            passwd: ['postgres:x:999:999::/var/lib/postgresql:/bin/bash'],
            group: ['postgres:x:999:'],
          },
          shell(alpine),
        ),
      },
      ...(alpine
        ? []
        : [
            {
              createdBy:
                'RUN /bin/sh -c set -ex; apt-get install -y --no-install-recommends gnupg less # buildkit',
              files: {},
              size: SOFTWARE.gnupg,
            },
            {
              createdBy:
                'RUN /bin/sh -c set -eux; apt-get install -y --no-install-recommends locales; locale-gen # buildkit',
              files: {},
              size: SOFTWARE.locales,
            },
          ]),
      { createdBy: `ENV PG_MAJOR=${major}` },
      {
        createdBy: 'RUN /bin/sh -c set -ex; install postgresql # buildkit',
        size: alpine ? SOFTWARE.postgresAlpine : SOFTWARE.postgres,
        files: {
          [`/usr/lib/postgresql/${major}/bin/postgres`]: programFile('postgres', version),
          '/usr/bin/psql': programFile('psql', version),
          '/usr/bin/pg_isready': programFile('pg_isready', version),
          [`/usr/lib/postgresql/${major}/bin/psql`]: symlink('/usr/bin/psql'),
          '/docker-entrypoint-initdb.d': directory(),
          '/var/run/postgresql': directory({ mode: 0o3777, uid: 999, gid: 999 }),
          [volume]: directory({ uid: 999, gid: 999 }),
        },
      },
      { createdBy: `VOLUME [${volume}]` },
      {
        createdBy: 'COPY docker-entrypoint.sh /usr/local/bin/ # buildkit',
        files: { '/usr/local/bin/docker-entrypoint.sh': file(POSTGRES_ENTRYPOINT, { mode: 0o755 }) },
      },
      { createdBy: 'ENTRYPOINT ["docker-entrypoint.sh"]' },
      { createdBy: 'STOPSIGNAL SIGINT' },
      { createdBy: 'EXPOSE map[5432/tcp:{}]' },
      { createdBy: 'CMD ["postgres"]' },
    ],
  }
}

export const databases: CatalogueRepository[] = [
  {
    names: official('redis'),
    images: [
      {
        tags: ['latest', '8', '8.4', '8.4.0', 'bookworm', '8-bookworm'],
        recipe: () => redis('8.4.0', false),
      },
      { tags: ['alpine', '8-alpine', '8.4-alpine', '8.4.0-alpine'], recipe: () => redis('8.4.0', true) },
      {
        tags: ['7', '7.4', '7.4.7', '7-bookworm', '6', '6.2', '5', '5.0.4'],
        recipe: () => redis('7.4.7', false),
      },
      { tags: ['7-alpine', '7.4-alpine', '6-alpine'], recipe: () => redis('7.4.7', true) },
    ],
  },
  {
    names: official('postgres'),
    images: [
      { tags: ['latest', '18', '18.1', 'trixie'], recipe: () => postgres('18.1', false) },
      { tags: ['alpine', '18-alpine', '18.1-alpine'], recipe: () => postgres('18.1', true) },
      { tags: ['17', '17.7', '16', '16.11', '15'], recipe: () => postgres('17.7', false) },
      { tags: ['17-alpine', '17.7-alpine', '16-alpine', '15-alpine'], recipe: () => postgres('17.7', true) },
    ],
  },
]
