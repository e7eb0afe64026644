import type { Process } from '../../processes/process.ts'

/** Where apt keeps what it has read of archives. */
export const LISTS = '/var/lib/apt/lists'

/** What a release of Debian or Ubuntu gets its packages from. */
export interface Archive {
  origin: 'Debian' | 'Ubuntu'
  codename: string
  suite: string
  /** Version of apt itself. */
  apt: string
  mirror: string
  /** What `apt-get update` prints. */
  update: string[]
  /** The file that says that the archive's lists have been read. */
  list: string
}

interface Release {
  suite: string
  apt: string
  /** Sizes of what an update fetches, in the order of `lines` below. */
  sizes: string[]
  fetched: string
}

/** Sizes are about those of late 2025, from knowledge. */
const DEBIAN: Record<string, Release> = {
  trixie: {
    suite: 'stable',
    apt: '3.0.3',
    sizes: ['140 kB', '47.3 kB', '43.4 kB', '9669 kB', '5412 B', '72.5 kB'],
    fetched: '9978 kB in 1s (8312 kB/s)',
  },
  bookworm: {
    suite: 'oldstable',
    apt: '2.6.1',
    sizes: ['151 kB', '55.4 kB', '48.0 kB', '8791 kB', '6924 B', '283 kB'],
    fetched: '9336 kB in 1s (7780 kB/s)',
  },
}
const UBUNTU: Record<string, Release> = {
  noble: {
    suite: 'noble',
    apt: '2.8.3',
    sizes: ['256 kB', '126 kB', '126 kB', '126 kB', '1808 kB', '19.3 MB', '1684 kB', '1309 kB'],
    fetched: '24.7 MB in 2s (12.1 MB/s)',
  },
  jammy: {
    suite: 'jammy',
    apt: '2.4.14',
    sizes: ['270 kB', '129 kB', '128 kB', '127 kB', '1792 kB', '17.5 MB', '3518 kB', '3253 kB'],
    fetched: '26.7 MB in 2s (13.3 MB/s)',
  },
}

const numbered = (what: string[], { sizes, fetched }: Release) => [
  ...what.map((line, index) => `Get:${index + 1} ${line} [${sizes[index]}]`),
  `Fetched ${fetched}`,
  'Reading package lists...',
]

function debian(codename: string, release: Release): Archive {
  const mirror = 'http://deb.debian.org/debian'
  const security = `${mirror}-security ${codename}-security`
  return {
    ...release,
    origin: 'Debian',
    codename,
    mirror,
    list: `${LISTS}/deb.debian.org_debian_dists_${codename}_InRelease`,
    update: numbered(
      [
        `${mirror} ${codename} InRelease`,
        `${mirror} ${codename}-updates InRelease`,
        `${security} InRelease`,
        `${mirror} ${codename}/main amd64 Packages`,
        `${mirror} ${codename}-updates/main amd64 Packages`,
        `${security}/main amd64 Packages`,
      ],
      release,
    ),
  }
}

function ubuntu(codename: string, release: Release): Archive {
  const mirror = 'http://archive.ubuntu.com/ubuntu'
  const security = `http://security.ubuntu.com/ubuntu ${codename}-security`
  return {
    ...release,
    origin: 'Ubuntu',
    codename,
    mirror,
    list: `${LISTS}/archive.ubuntu.com_ubuntu_dists_${codename}_InRelease`,
    update: numbered(
      [
        `${mirror} ${codename} InRelease`,
        `${security} InRelease`,
        `${mirror} ${codename}-updates InRelease`,
        `${mirror} ${codename}-backports InRelease`,
        `${mirror} ${codename}/main amd64 Packages`,
        `${mirror} ${codename}/universe amd64 Packages`,
        `${mirror} ${codename}-updates/main amd64 Packages`,
        `${security}/main amd64 Packages`,
      ],
      release,
    ),
  }
}

const ARCHIVES = new Map<string, Archive>([
  ...Object.entries(DEBIAN).map(([name, release]) => [name, debian(name, release)] as const),
  ...Object.entries(UBUNTU).map(([name, release]) => [name, ubuntu(name, release)] as const),
])

/** The archive of the release that a machine's `/etc/os-release` names; the latest Debian's when it names none that is known. */
export async function archiveOf({ machine: { files } }: Process): Promise<Archive> {
  const text = files.exists('/etc/os-release')
    ? Buffer.from(await files.read('/etc/os-release')).toString()
    : ''
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(text)?.[1] ?? ''
  return ARCHIVES.get(codename) ?? ARCHIVES.get('trixie')!
}
