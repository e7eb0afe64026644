/**
 * What package managers can install. Names, versions and sizes are those of the distributions as known in November 2025
 * (from knowledge, not compared with the live repositories). A package's commands run where the simulation has a model of
 * the program; the others say that they have none.
 */
export interface SystemPackage {
  /** Alpine 3.22, Debian 13, Amazon Linux 2023; without a version the distribution has no package of this name. */
  apk?: string
  apt?: string
  dnf?: string
  /** Installed size, kB. */
  size: number
  /** Path → the model that its executable is. */
  commands?: Record<string, string>
  /** Further packages that come with it, by name. */
  needs?: string[]
}

const tool = (
  apk: string,
  apt: string,
  dnf: string,
  size: number,
  commands: Record<string, string> = {},
  needs: string[] = [],
): SystemPackage => ({
  ...(apk ? { apk } : {}),
  ...(apt ? { apt } : {}),
  ...(dnf ? { dnf } : {}),
  size,
  commands,
  needs,
})

export const SYSTEM_PACKAGES: Readonly<Record<string, SystemPackage>> = {
  bash: tool('5.2.37-r0', '5.2.37-2+b5', '5.2.15-1.amzn2023.0.2', 7200, { '/bin/bash': 'bash' }),
  curl: tool('8.14.1-r2', '8.14.1-2+deb13u2', '8.11.1-4.amzn2023.0.3', 1500, { '/usr/bin/curl': 'curl' }, [
    'ca-certificates',
  ]),
  wget: tool('1.25.0-r1', '1.25.0-2', '1.21.3-1.amzn2023.0.4', 3800, { '/usr/bin/wget': 'tools' }),
  'ca-certificates': tool('20250911-r0', '20250419', '2025.2.76-1.0.amzn2023.0.2', 390),
  tzdata: tool('2025b-r0', '2025b-4+deb13u1', '2025b-1.amzn2023.0.1', 3200),
  git: tool('2.49.1-r0', '1:2.47.3-0+deb13u1', '2.50.1-1.amzn2023.0.1', 14000, { '/usr/bin/git': 'git' }),
  jq: tool('1.8.0-r0', '1.7.1-6+deb13u1', '1.7.1-51.amzn2023', 900, { '/usr/bin/jq': 'tools' }),
  vim: tool('9.1.1415-r0', '2:9.1.1230-2', '9.1.1706-1.amzn2023.0.1', 4100, { '/usr/bin/vim': 'vim' }),
  nano: tool('8.4-r0', '8.4-1', '8.3-1.amzn2023.0.1', 2900, { '/usr/bin/nano': 'nano' }),
  less: tool('668-r0', '668-1', '608-2.amzn2023.0.3', 330, { '/usr/bin/less': 'tools' }),
  make: tool('4.4.1-r3', '4.4.1-2', '4.3-5.amzn2023.0.2', 1700, { '/usr/bin/make': 'make' }),
  gcc: tool('14.2.0-r6', '4:14.2.0-1', '11.5.0-5.amzn2023.0.5', 180_000, { '/usr/bin/gcc': 'gcc' }),
  'g++': tool('14.2.0-r6', '4:14.2.0-1', '', 70_000, { '/usr/bin/g++': 'g++' }),
  'build-base': tool('0.5-r3', '', '', 180_000, { '/usr/bin/gcc': 'gcc', '/usr/bin/make': 'make' }),
  'build-essential': tool('', '12.12', '', 180_000, { '/usr/bin/gcc': 'gcc', '/usr/bin/make': 'make' }),
  'libc6-compat': tool('1.1.0-r4', '', '', 40),
  openssl: tool('3.5.4-r0', '3.5.4-1~deb13u1', '1:3.2.2-1.amzn2023.0.2', 1500, {
    '/usr/bin/openssl': 'openssl',
  }),
  'openssh-client': tool('10.0_p1-r9', '1:10.0p1-7', '', 3300, { '/usr/bin/ssh': 'ssh' }),
  unzip: tool('6.0-r15', '6.0-29', '6.0-57.amzn2023.0.2', 350, { '/usr/bin/unzip': 'unzip' }),
  zip: tool('3.0-r13', '3.0-15', '3.0-28.amzn2023.0.2', 600, { '/usr/bin/zip': 'zip' }),
  tar: tool('1.35-r3', '1.35+dfsg-3.1', '2:1.34-1.amzn2023.0.4', 3100, { '/usr/bin/tar': 'tools' }),
  procps: tool('4.0.4-r3', '2:4.0.4-9', '', 2000, {
    '/usr/bin/ps': 'tools',
    '/usr/bin/free': 'tools',
    '/usr/bin/pgrep': 'tools',
    '/usr/bin/pkill': 'tools',
    '/usr/bin/uptime': 'tools',
    '/usr/sbin/sysctl': 'tools',
  }),
  'procps-ng': tool('', '', '3.3.17-1.amzn2023.0.2', 1000, {
    '/usr/bin/ps': 'tools',
    '/usr/bin/free': 'tools',
  }),
  iproute2: tool('6.15.0-r0', '6.15.0-1', '', 3500, { '/usr/sbin/ip': 'iproute2' }),
  'iputils-ping': tool('', '3:20240905-3', '', 120, { '/usr/bin/ping': 'tools' }),
  iputils: tool('20240905-r0', '', '20210202-2.amzn2023.0.5', 180, { '/usr/bin/ping': 'tools' }),
  dnsutils: tool('', '1:9.20.15-1~deb13u1', '', 900, { '/usr/bin/nslookup': 'tools' }),
  'bind-tools': tool('9.20.15-r0', '', '', 900, { '/usr/bin/nslookup': 'tools' }),
  'bind-utils': tool('', '', '9.18.33-1.amzn2023.0.3', 900, { '/usr/bin/nslookup': 'tools' }),
  'netcat-openbsd': tool('1.229.1-r0', '1.229-1', '', 110, { '/usr/bin/nc': 'tools' }),
  nmap: tool('7.97-r0', '7.95+dfsg-3', '3:7.93-1.amzn2023.0.3', 21_000, { '/usr/bin/nmap': 'nmap' }),
  tini: tool('0.19.0-r3', '0.19.0-3+b6', '', 50, { '/sbin/tini': 'tini' }),
  'dumb-init': tool('1.2.5-r3', '1.2.5-3', '', 50, { '/usr/bin/dumb-init': 'tini' }),
  'su-exec': tool('0.3-r0', '', '', 20, { '/sbin/su-exec': 'gosu' }),
  gosu: tool('', '1.17-3+b4', '', 2500, { '/usr/sbin/gosu': 'gosu' }),
  nginx: tool('1.28.0-r3', '1.26.3-3+deb13u1', '1:1.28.0-1.amzn2023.0.1', 1600, {
    '/usr/sbin/nginx': 'nginx',
  }),
  redis: tool('8.0.3-r0', '5:8.0.2-3', '', 7600, {
    '/usr/bin/redis-server': 'redis-server',
    '/usr/bin/redis-cli': 'redis-cli',
  }),
  redis6: tool('', '', '6.2.14-1.amzn2023.0.4', 5400, {
    '/usr/bin/redis6-server': 'redis-server',
    '/usr/bin/redis6-cli': 'redis-cli',
  }),
  'redis-tools': tool('', '5:8.0.2-3', '', 2500, { '/usr/bin/redis-cli': 'redis-cli' }),
  'postgresql-client': tool('17.6-r0', '17+278', '', 8200, {
    '/usr/bin/psql': 'psql',
    '/usr/bin/pg_isready': 'pg_isready',
  }),
  python3: tool('3.12.12-r0', '3.13.5-1', '3.9.24-1.amzn2023.0.3', 30_000, { '/usr/bin/python3': 'python3' }),
  'py3-pip': tool('25.1.1-r0', '', '', 7600, { '/usr/bin/pip': 'pip', '/usr/bin/pip3': 'pip' }, ['python3']),
  'python3-pip': tool(
    '',
    '25.1.1+dfsg-1',
    '21.3.1-2.amzn2023.0.13',
    9000,
    { '/usr/bin/pip': 'pip', '/usr/bin/pip3': 'pip' },
    ['python3'],
  ),
  nodejs: tool('22.16.0-r2', '20.19.2+dfsg-1', '1:18.20.8-1.amzn2023.0.1', 60_000, {
    '/usr/bin/node': 'node',
  }),
  npm: tool('11.3.0-r1', '9.2.0~ds1-3', '', 12_000, { '/usr/bin/npm': 'npm' }, ['nodejs']),
  'shadow-utils': tool('', '', '2:4.9-12.amzn2023.0.4', 4200, {
    '/usr/sbin/useradd': 'tools',
    '/usr/sbin/groupadd': 'tools',
  }),
  shadow: tool('4.17.3-r0', '', '', 480, { '/usr/sbin/useradd': 'tools', '/usr/sbin/groupadd': 'tools' }),
  httpd: tool('', '', '2.4.65-1.amzn2023.0.1', 60, {}),
  gnupg: tool('2.4.7-r0', '2.4.7-21', '', 900, { '/usr/bin/gpg': 'gpg' }),
  'lsb-release': tool('', '12.1-1', '', 30),
  'apt-transport-https': tool('', '3.0.3', '', 40),
  'software-properties-common': tool('', '0.111-1', '', 60),
  findutils: tool('4.10.0-r0', '4.10.0-3', '1:4.8.0-2.amzn2023.0.3', 1700, {
    '/usr/bin/find': 'tools',
    '/usr/bin/xargs': 'tools',
  }),
  which: tool('2.23-r0', '', '2.21-26.amzn2023.0.3', 60, { '/usr/bin/which': 'tools' }),
  stress: tool('', '1.0.7-1', '', 60, { '/usr/bin/stress': 'stress' }),
  'stress-ng': tool('0.19.00-r0', '0.19.01-1', '0.15.05-1.amzn2023.0.1', 2400, {
    '/usr/bin/stress-ng': 'stress',
  }),
}

/** Packages of npm: version, and how many it brings along. */
export const NPM_PACKAGES: Readonly<Record<string, { version: string; needs: number }>> = {
  express: { version: '5.1.0', needs: 67 },
  cors: { version: '2.8.5', needs: 2 },
  dotenv: { version: '17.2.3', needs: 0 },
  lodash: { version: '4.17.21', needs: 0 },
  axios: { version: '1.13.2', needs: 22 },
  morgan: { version: '1.10.1', needs: 6 },
  nodemon: { version: '3.1.11', needs: 28 },
  redis: { version: '5.9.0', needs: 5 },
  ioredis: { version: '5.8.2', needs: 9 },
  pg: { version: '8.16.3', needs: 13 },
  mysql2: { version: '3.15.3', needs: 11 },
  mongoose: { version: '8.20.1', needs: 17 },
  react: { version: '19.2.0', needs: 0 },
  'react-dom': { version: '19.2.0', needs: 1 },
  typescript: { version: '5.9.3', needs: 0 },
  jest: { version: '30.2.0', needs: 290 },
  eslint: { version: '9.39.1', needs: 88 },
  uuid: { version: '13.0.0', needs: 0 },
  ws: { version: '8.18.3', needs: 0 },
  'body-parser': { version: '2.2.1', needs: 21 },
  'prom-client': { version: '15.1.3', needs: 3 },
  pino: { version: '10.1.0', needs: 10 },
  winston: { version: '3.18.3', needs: 26 },
}

/** Packages of PyPI: version, wheel size (kB), what it brings along. */
export const PYPI_PACKAGES: Readonly<Record<string, { version: string; size: number; needs?: string[] }>> = {
  flask: {
    version: '3.1.2',
    size: 103,
    needs: ['werkzeug', 'jinja2', 'itsdangerous', 'click', 'blinker', 'markupsafe'],
  },
  werkzeug: { version: '3.1.3', size: 224, needs: ['markupsafe'] },
  jinja2: { version: '3.1.6', size: 134, needs: ['markupsafe'] },
  itsdangerous: { version: '2.2.0', size: 16 },
  click: { version: '8.3.1', size: 108 },
  blinker: { version: '1.9.0', size: 8 },
  markupsafe: { version: '3.0.3', size: 22 },
  requests: { version: '2.32.5', size: 64, needs: ['urllib3', 'idna', 'certifi', 'charset-normalizer'] },
  urllib3: { version: '2.5.0', size: 129 },
  idna: { version: '3.11', size: 71 },
  certifi: { version: '2025.11.12', size: 159 },
  'charset-normalizer': { version: '3.4.4', size: 153 },
  gunicorn: { version: '23.0.0', size: 85, needs: ['packaging'] },
  packaging: { version: '25.0', size: 66 },
  uvicorn: { version: '0.38.0', size: 68, needs: ['click', 'h11'] },
  h11: { version: '0.16.0', size: 37 },
  fastapi: { version: '0.121.3', size: 109, needs: ['starlette', 'pydantic', 'typing-extensions'] },
  starlette: { version: '0.50.0', size: 74 },
  pydantic: { version: '2.12.4', size: 463, needs: ['typing-extensions'] },
  'typing-extensions': { version: '4.15.0', size: 44 },
  django: { version: '5.2.8', size: 8289, needs: ['asgiref', 'sqlparse'] },
  asgiref: { version: '3.10.0', size: 24 },
  sqlparse: { version: '0.5.3', size: 44 },
  redis: { version: '7.1.0', size: 354 },
  boto3: { version: '1.41.2', size: 139, needs: ['botocore', 'jmespath', 's3transfer'] },
  botocore: { version: '1.41.2', size: 14_208 },
  jmespath: { version: '1.0.1', size: 20 },
  s3transfer: { version: '0.15.0', size: 86 },
  numpy: { version: '2.3.5', size: 16_600 },
  pandas: { version: '2.3.3', size: 12_400, needs: ['numpy'] },
  'psycopg2-binary': { version: '2.9.11', size: 4200 },
  pytest: { version: '9.0.1', size: 373, needs: ['packaging'] },
  'prometheus-client': { version: '0.23.1', size: 61 },
  pyyaml: { version: '6.0.3', size: 807 },
}
