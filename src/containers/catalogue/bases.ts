import type { LayerRecipe } from './recipe.ts'
import { BUILD_PACKAGES, SYSTEMS } from './sizes.ts'
import { alpineFiles, type DebianRelease, debianFiles, procpsFiles, ubuntuFiles } from './system.ts'

/** The systems that images stand on: their layers are the same ones in all of them. Dates and names of November 2025, from knowledge. */

export const ALPINE = '3.22.2'
const ALPINE_CREATED = '2025-10-08T11:04:56Z'
const DEBIAN_CREATED = '2025-11-17T00:00:00Z'
const UBUNTU_CREATED = '2025-10-13T00:00:00Z'

export const alpineBase = (version = ALPINE, created = ALPINE_CREATED): LayerRecipe[] => [
  {
    createdBy: `ADD alpine-minirootfs-${version}-x86_64.tar.gz / # buildkit`,
    files: alpineFiles(version),
    size: SYSTEMS.alpine,
    created,
  },
  { createdBy: 'CMD ["/bin/sh"]', created },
]

/** Debian; `slim` is without documentation and translations. */
export const debianBase = (
  kind: 'slim' | 'full' = 'slim',
  release: DebianRelease = 'trixie',
): LayerRecipe[] => [
  {
    createdBy: `# debian.sh --arch 'amd64' out/ '${release}' '@1763337600'`,
    files: debianFiles(release),
    size: kind === 'slim' ? SYSTEMS.debianSlim : SYSTEMS.debian,
    created: DEBIAN_CREATED,
  },
]

const install = (packages: string) =>
  `RUN /bin/sh -c set -eux; apt-get update; apt-get install -y --no-install-recommends ${packages}; rm -rf /var/lib/apt/lists/* # buildkit`

/** Debian with what one needs to fetch sources (`scm`), or to build most packages (`all`). */
export const buildpackBase = (kind: 'scm' | 'all', release?: DebianRelease): LayerRecipe[] => [
  ...debianBase('full', release),
  {
    createdBy: install('ca-certificates curl gnupg netbase sq wget'),
    files: {},
    size: BUILD_PACKAGES.curl,
    created: DEBIAN_CREATED,
  },
  {
    createdBy: install('git mercurial openssh-client subversion procps'),
    files: procpsFiles(),
    size: BUILD_PACKAGES.scm,
    created: DEBIAN_CREATED,
  },
  kind === 'all'
    ? {
        createdBy: install(
          'autoconf automake bzip2 default-libmysqlclient-dev dpkg-dev file g++ gcc imagemagick libbz2-dev libc6-dev libcurl4-openssl-dev libssl-dev libxml2-dev make patch unzip xz-utils zlib1g-dev',
        ),
        files: {},
        size: BUILD_PACKAGES.all,
        created: DEBIAN_CREATED,
      }
    : {
        createdBy: install('g++ gcc libc6-dev make pkg-config'),
        files: {},
        size: BUILD_PACKAGES.compiler,
        created: DEBIAN_CREATED,
      },
]

const UBUNTU = {
  noble: ['24.04', '24.04.3 LTS (Noble Numbat)'],
  jammy: ['22.04', '22.04.5 LTS (Jammy Jellyfish)'],
} as const

export const ubuntuBase = (codename: keyof typeof UBUNTU): LayerRecipe[] => [
  {
    createdBy: 'ADD file:ubuntu-base-amd64.tar.gz in / ',
    files: ubuntuFiles(UBUNTU[codename][0], codename, UBUNTU[codename][1]),
    size: SYSTEMS.ubuntu,
    created: UBUNTU_CREATED,
  },
  { createdBy: 'CMD ["/bin/bash"]', created: UBUNTU_CREATED },
]
