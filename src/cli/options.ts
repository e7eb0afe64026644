import { homedir } from 'node:os'
import { join } from 'node:path'
import { InvalidArgumentError } from 'commander'
import type { ProvisioningSpeed } from '#world/provisioning.ts'

/** Where everything is kept unless `--data` says otherwise (XDG Base Directory Specification). */
export const DEFAULT_DATA = join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local/share'), 'drydock')

/** A TCP port of the user's choice. */
export function port(text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number > 65535)
    throw new InvalidArgumentError('Give a port from 0 to 65535 (0: any free one).')
  return number
}

export function provisioning(text: string): ProvisioningSpeed {
  if (text === 'instant') return text
  const number = Number(text)
  if (!(number >= 1))
    throw new InvalidArgumentError('Give "instant", or a number from 1 (as slow as AWS) up.')
  return number
}

export function speed(text: string): number {
  const number = Number(text)
  if (!(number >= 0) || text === '')
    throw new InvalidArgumentError('Give 0 (paused), 1 (true speed) or a larger number.')
  return number
}

export function jobs(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('Give a number from 1 to 999.')
  return Number(text)
}

export function accountId(text: string): string {
  if (!/^\d{12}$/.test(text)) throw new InvalidArgumentError('An AWS account id has 12 digits.')
  return text
}
