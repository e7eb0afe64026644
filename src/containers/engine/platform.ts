import type { ImageConfig } from '../image.ts'
import { HERE, type Platform } from '../images/fetch.ts'
import { badRequest } from './api.ts'

const ARCHITECTURES: Record<string, string> = {
  amd64: 'amd64',
  x86_64: 'amd64',
  'x86-64': 'amd64',
  arm64: 'arm64',
  aarch64: 'arm64',
  arm: 'arm',
  armhf: 'arm',
  386: '386',
  i386: '386',
  ppc64le: 'ppc64le',
  riscv64: 'riscv64',
  s390x: 's390x',
}

/** `linux/arm64/v8`; a bare architecture is Linux's. Throws EngineError with the texts of containerd's `platforms`. */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/')
  const bad = parts.find((part) => !/^[a-z0-9_.-]+$/.test(part))
  if (bad !== undefined)
    throw badRequest(
      `"${bad}" is an invalid component of "${text}": platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument`,
    )
  const [os = '', architecture = '', variant] =
    parts.length === 1 && parts[0] !== 'linux' ? ['linux', ...parts] : parts
  if (!ARCHITECTURES[architecture] && architecture !== '')
    throw badRequest(`"${text}": unknown operating system or architecture: invalid argument`)
  return { os, architecture: ARCHITECTURES[architecture] ?? HERE.architecture, variant }
}

/** `linux/arm64/v8` */
export const formatPlatform = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, ...(variant ? [variant] : [])].join('/')

/** Whether an image is made for a platform; a platform without a variant takes any. */
export const isFor = (image: ImageConfig, { os, architecture, variant }: Platform): boolean =>
  image.os === os &&
  image.architecture === architecture &&
  (variant === undefined || image.variant === undefined || image.variant === variant)
