import { agnhost, echoServer, serveHostname } from '../programs/agnhost.ts'
import { component } from '../programs/component.ts'
import { curl } from '../programs/curl.ts'
import { DEMOS } from '../programs/demos.ts'
import { go, goExecutable } from '../programs/go.ts'
import { hello } from '../programs/hello.ts'
import { htpasswd } from '../programs/htpasswd.ts'
import { httpd } from '../programs/httpd.ts'
import { ip } from '../programs/ip.ts'
import { gosu, tini } from '../programs/launchers.ts'
import { libraryUtility } from '../programs/library.ts'
import { memcached } from '../programs/memcached.ts'
import { sqlAdmin, sqlClient, sqlServer } from '../programs/mysql.ts'
import { nginx } from '../programs/nginx.ts'
import { nodeProgram } from '../programs/node.ts'
import { openssl } from '../programs/openssl.ts'
import { apk } from '../programs/packages/apk.ts'
import { apt } from '../programs/packages/apt.ts'
import { dnf } from '../programs/packages/dnf.ts'
import { npm } from '../programs/packages/npm.ts'
import { pip } from '../programs/packages/pip.ts'
import { perl } from '../programs/perl/perl.ts'
import { pgIsReady, postgres, psql } from '../programs/postgres.ts'
import { python } from '../programs/python.ts'
import { redisCli } from '../programs/redis/cli.ts'
import { redisServer } from '../programs/redis/server.ts'
import { stress } from '../programs/stress.ts'
import { UTILITIES } from '../programs/utilities.ts'
import { shellProgram } from '../shell/program.ts'
import type { ProgramFinder } from './machine.ts'
import type { Program } from './process.ts'

const ash = shellProgram({ name: 'sh', bash: false, kind: 'ash' })

/** Programs with a model of their own, by the name in their mark; what they say of themselves is in the mark too. */
const PROGRAMS: Readonly<Record<string, (version: string) => Program>> = {
  ...DEMOS,
  agnhost: (version) => agnhost(version || '2.53'),
  apk: () => apk,
  apt: () => apt,
  dnf: () => dnf,
  go: (version) => go(version || '1.25.4'),
  echoserver: () => echoServer,
  'go-executable': () => goExecutable,
  gosu: () => gosu,
  hello: () => hello,
  htpasswd: () => htpasswd,
  iproute2: () => ip('iproute2'),
  mariadb: (version) => sqlClient('mariadb', version || '12.0.2'),
  'mariadb-admin': () => sqlAdmin,
  mariadbd: (version) => sqlServer('mariadb', version || '12.0.2'),
  memcached: (version) => memcached(version || '1.6.39'),
  mysql: (version) => sqlClient('mysql', version || '9.5.0'),
  mysqladmin: () => sqlAdmin,
  mysqld: (version) => sqlServer('mysql', version || '9.5.0'),
  node: (version) => nodeProgram(version || '24.11.1'),
  npm: () => npm,
  openssl: (version) => openssl(version || '3.5.4'),
  perl: (version) => perl(version || '5.42.0'),
  pg_isready: () => pgIsReady,
  pip: () => pip,
  postgres: (version) => postgres(version || '18.1'),
  psql: (version) => psql(version || '18.1'),
  python3: (version) => python(version || '3.13.2'),
  'redis-cli': (version) => redisCli(version || '8.4.0'),
  'redis-server': (version) => redisServer(version || '8.4.0'),
  serve_hostname: () => serveHostname,
  stress: () => stress,
  tini: () => tini,
}

/** The model of an executable, by the name in its mark and the name that it was called by. */
export const findProgram: ProgramFinder = (name, argv0, version) => {
  if (Object.hasOwn(PROGRAMS, name)) return PROGRAMS[name]!(version)
  switch (name) {
    case 'busybox':
      return argv0 === 'busybox' ? busybox(version) : (applet(argv0) ?? unknownApplet(argv0))
    case 'coreutils':
    case 'tools':
      return applet(argv0)
    case 'bash':
      return shellProgram({ name: 'bash', bash: true, kind: 'bash' })
    case 'dash':
    case 'sh':
      return shellProgram({ name: 'sh', bash: false, kind: 'dash' })
    case 'nginx':
      return nginx(version || '1.29.3')
    case 'httpd':
      return httpd(version || '2.4.65')
    case 'curl':
      return curl(version || '8.14.1')
    case 'pause':
    case 'network-policy-agent':
    case 'metrics-server':
    case 'aws-ebs-csi-driver':
    case 'aws-efs-csi-driver':
    case 'csi-provisioner':
    case 'csi-attacher':
    case 'csi-resizer':
    case 'node-driver-registrar':
    case 'livenessprobe':
    case 'local-path-provisioner':
    case 'aws-load-balancer-controller':
    case 'eks-pod-identity-agent':
      return component(name)
    default:
      return undefined
  }
}

function applet(name: string): Program | undefined {
  if (name === 'sh' || name === 'ash') return ash
  return UTILITIES[name] ?? libraryUtility(name)
}

const unknownApplet =
  (name: string): Program =>
  async (process) => {
    await process.complain(`${name}: applet not found\n`)
    return 127
  }

const busybox =
  (version: string): Program =>
  async (process) => {
    const [, name, ...rest] = process.argv
    if (!name || name === '--help') {
      await process.print(`BusyBox v${version} (2024-09-26 21:31:42 UTC) multi-call binary.\n`)
      return 0
    }
    process.argv = [name, ...rest]
    return (applet(name) ?? unknownApplet(name))(process)
  }
