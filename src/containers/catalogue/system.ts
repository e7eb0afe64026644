import { directory, type FileNode, file, symlink } from '../files/nodes.ts'
import { programFile } from './program-file.ts'
import type { Files } from './recipe.ts'

const BUSYBOX_VERSION = '1.37.0'

/** Applets of busybox that the simulation has a model for, by the folder that the official image puts them in. */
const BIN_APPLETS =
  'ash base64 cat chmod chown cp date dd df dmesg echo ed egrep false fgrep grep gunzip gzip hostname kill link ln ls mkdir mktemp mount mv netstat ping ping6 printenv ps pwd rm rmdir sed sh sleep stat stty sync tar touch true umount uname usleep watch zcat'
const USR_BIN_APPLETS =
  '[ [[ arch awk basename clear cmp comm cut diff dirname du env expand expr find fold free hd head hexdump hostid id install killall less more md5sum nc nl nohup nproc nslookup od paste pgrep pidof pkill printf readlink realpath reset seq sha1sum sha256sum sort split strings tail tee telnet test time timeout top tr traceroute tree tsort tty uniq unlink uptime vi w wc wget which who whoami xargs xxd yes'

const applets = (folder: string, names: string): Files =>
  Object.fromEntries(names.split(' ').map((name) => [`${folder}/${name}`, symlink('/bin/busybox')]))

/** Those that Alpine has in `/sbin`. */
const SBIN_APPLETS = 'ifconfig ip route sysctl'

const mode = (content: string, bits: number): FileNode => file(content, { mode: bits })

const passwd = (extra: string[], rootShell: string) =>
  file(
    [
      `root:x:0:0:root:/root:${rootShell}`,
      'daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin',
      'www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin',
      'nobody:x:65534:65534:nobody:/:/sbin/nologin',
      ...extra,
      '',
    ].join('\n'),
  )

const group = (extra: string[]) =>
  file(['root:x:0:', 'daemon:x:1:', 'www-data:x:33:', 'nogroup:x:65534:', ...extra, ''].join('\n'))

/** The system's accounts and an image's own, as `passwd` and `group` have them. */
export const accounts = (
  users: { passwd: string[]; group: string[] },
  rootShell: '/bin/sh' | '/bin/bash',
): Files => ({ '/etc/passwd': passwd(users.passwd, rootShell), '/etc/group': group(users.group) })

const skeleton = (): Files => ({
  '/dev': directory(),
  '/proc': directory({ mode: 0o555 }),
  '/sys': directory({ mode: 0o555 }),
  '/root': directory({ mode: 0o700 }),
  '/tmp': directory({ mode: 0o1777 }),
  '/home': directory(),
  '/var/log': directory(),
  '/var/tmp': directory({ mode: 0o1777 }),
  '/run': directory(),
})

/** The root file system of the busybox image. */
export function busyboxFiles(): Files {
  return {
    ...skeleton(),
    '/bin/busybox': programFile('busybox', BUSYBOX_VERSION),
    ...applets('/bin', `${BIN_APPLETS} ${USR_BIN_APPLETS} ${SBIN_APPLETS}`),
    ...accounts({ passwd: [], group: [] }, '/bin/sh'),
    '/etc/shadow': mode('root:*:::::::\n', 0o640),
    '/etc/nsswitch.conf': file('passwd: files\ngroup: files\nhosts: files dns\n'),
    '/var/spool/mail': directory({ mode: 0o1777 }),
    '/usr/sbin': directory(),
  }
}

/** The root file system of Alpine. */
export function alpineFiles(version: string): Files {
  return {
    ...skeleton(),
    '/bin/busybox': programFile('busybox', BUSYBOX_VERSION),
    ...applets('/bin', BIN_APPLETS),
    ...applets('/usr/bin', USR_BIN_APPLETS),
    ...applets('/sbin', SBIN_APPLETS),
    '/sbin/apk': programFile('apk', '2.14.9'),
    ...accounts({ passwd: [], group: [] }, '/bin/sh'),
    '/etc/shadow': mode('root:*::0:::::\n', 0o640),
    '/etc/alpine-release': file(`${version}\n`),
    '/etc/os-release': file(
      `NAME="Alpine Linux"\nID=alpine\nVERSION_ID=${version}\nPRETTY_NAME="Alpine Linux v${version.replace(/\.\d+$/, '')}"\nHOME_URL="https://alpinelinux.org/"\n`,
    ),
    '/etc/profile': file(
      'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\numask 022\n',
    ),
    '/etc/shells': file('/bin/sh\n/bin/ash\n'),
    '/lib/apk/db/installed': file(''),
    '/usr/bin/getent': programFile('tools', '1.2.5'),
    '/usr/local/bin': directory(),
    '/usr/sbin': directory(),
    '/var/cache/apk': directory(),
  }
}

const DEBIAN_COREUTILS =
  '[ arch base64 basename cat chgrp chmod chown cp cut date dd df dir dirname du echo env expand expr false fold groups head hostid id install join link ln logname ls md5sum mkdir mkfifo mktemp mv nice nl nohup nproc od paste printenv printf pwd readlink realpath rm rmdir seq sha1sum sha256sum shuf sleep sort split stat stty sync tac tail tee test timeout touch tr true tty uname uniq unlink users wc who whoami yes'
const DEBIAN_TOOLS =
  'awk diff cmp getent more egrep fgrep find grep gunzip gzip hostname mount sed tar which xargs zcat'

/** What the package procps brings. */
export const procpsFiles = (): Files => ({
  ...Object.fromEntries(
    ['free', 'pgrep', 'pkill', 'ps', 'uptime'].map((name) => [
      `/usr/bin/${name}`,
      programFile('tools', '4.0.4'),
    ]),
  ),
  '/usr/sbin/sysctl': programFile('tools', '4.0.4'),
})

const DEBIAN = {
  trixie: {
    version: '13',
    point: '13.2',
    full: 'DEBIAN_VERSION_FULL=13.2\n',
    bash: '5.2.37',
    coreutils: '9.7',
    apt: '3.0.3',
  },
  bookworm: { version: '12', point: '12.12', full: '', bash: '5.2.15', coreutils: '9.1', apt: '2.6.1' },
} as const
export type DebianRelease = keyof typeof DEBIAN

/** The root file system of Debian, merged-usr. */
export function debianFiles(codename: DebianRelease = 'trixie'): Files {
  const release = DEBIAN[codename]
  const name = `${release.version} (${codename})`
  const tools = (names: string, program: string, version: string): Files =>
    Object.fromEntries(names.split(' ').map((name) => [`/usr/bin/${name}`, programFile(program, version)]))
  return {
    ...skeleton(),
    '/bin': symlink('usr/bin'),
    '/sbin': symlink('usr/sbin'),
    '/lib': symlink('usr/lib'),
    '/usr/bin/bash': programFile('bash', release.bash),
    '/usr/bin/dash': programFile('dash', '0.5.12'),
    '/usr/bin/sh': symlink('dash'),
    ...tools(DEBIAN_COREUTILS, 'coreutils', release.coreutils),
    ...tools(DEBIAN_TOOLS, 'tools', '1.0'),
    '/usr/bin/apt-get': programFile('apt', release.apt),
    '/usr/bin/apt': programFile('apt', release.apt),
    ...accounts({ passwd: [], group: [] }, '/bin/bash'),
    '/etc/shadow': mode('root:*:20000:0:99999:7:::\n', 0o640),
    '/etc/debian_version': file(`${release.point}\n`),
    '/etc/os-release': file(
      `PRETTY_NAME="Debian GNU/Linux ${name}"\nNAME="Debian GNU/Linux"\nVERSION_ID="${release.version}"\nVERSION="${name}"\nVERSION_CODENAME=${codename}\n${release.full}ID=debian\nHOME_URL="https://www.debian.org/"\n`,
    ),
    '/usr/lib': directory(),
    '/usr/local/bin': directory(),
    '/usr/local/sbin': directory(),
    '/usr/sbin': directory(),
    '/opt': directory(),
  }
}

/** The root file system of Ubuntu: Debian's tools under another name. */
export function ubuntuFiles(version: string, codename: string, release: string): Files {
  return {
    ...debianFiles(),
    ...procpsFiles(),
    ...accounts(
      { passwd: ['ubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash'], group: ['ubuntu:x:1000:'] },
      '/bin/bash',
    ),
    '/etc/debian_version': file('trixie/sid\n'),
    '/etc/lsb-release': file(
      `DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=${version}\nDISTRIB_CODENAME=${codename}\nDISTRIB_DESCRIPTION="Ubuntu ${release.replace(/ \(.*/, '')}"\n`,
    ),
    '/etc/os-release': file(
      `PRETTY_NAME="Ubuntu ${release.replace(/ \(.*/, '')}"\nNAME="Ubuntu"\nVERSION_ID="${version}"\nVERSION="${release}"\nVERSION_CODENAME=${codename}\nID=ubuntu\nID_LIKE=debian\nHOME_URL="https://www.ubuntu.com/"\n`,
    ),
  }
}

/** The root file system of Amazon Linux 2023's container image. */
export function amazonLinuxFiles(): Files {
  const {
    '/etc/debian_version': _debian,
    '/usr/bin/apt-get': _aptGet,
    '/usr/bin/apt': _apt,
    ...rest
  } = debianFiles()
  return {
    ...rest,
    '/usr/bin/sh': symlink('bash'),
    '/usr/bin/dnf': programFile('dnf', '4.14.0'),
    '/usr/bin/yum': symlink('dnf'),
    '/usr/bin/curl': programFile('curl', '8.11.1'),
    '/etc/system-release': file('Amazon Linux release 2023.9.20251110 (Amazon Linux)\n'),
    '/etc/os-release': file(
      'NAME="Amazon Linux"\nVERSION="2023"\nID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\nPLATFORM_ID="platform:al2023"\nPRETTY_NAME="Amazon Linux 2023.9.20251110"\nHOME_URL="https://aws.amazon.com/linux/amazon-linux-2023/"\n',
    ),
  }
}
