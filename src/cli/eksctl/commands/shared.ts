import { type Command, Option } from 'commander'
import { createLog, EksctlError } from '../log.ts'

export const log = createLog(process.stdout)

/** The verbs that resources are commands of: `eksctl create cluster`. */
export interface Verbs {
  create: Command
  get: Command
  update: Command
  upgrade: Command
  scale: Command
  delete: Command
  utils: Command
}

export interface Common {
  region?: string
  profile?: string
}

/** Options of every command that talks to AWS. */
export const common = (command: Command) =>
  command
    .option('-r, --region <region>', 'AWS region')
    .option('-p, --profile <profile>', 'AWS credentials profile')

/** Options of every command about something of a cluster. */
export const ofCluster = (command: Command) =>
  common(command).requiredOption('-c, --cluster <name>', 'EKS cluster name')

export const output = () =>
  new Option('-o, --output <format>', 'output format').choices(['table', 'json', 'yaml']).default('table')

/** A whole number of an option. Throws EksctlError. */
export function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0)
    throw new EksctlError(`invalid argument "${text}": must be a whole number`)
  return value
}

/** `a=1,b=2` */
export function pairs(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [key = '', value = ''] = pair.split('=')
      if (key === '')
        throw new EksctlError(`invalid argument "${text}": ${pair} must be formatted as key=value`)
      return [key, value]
    }),
  )
}

export const list = (text: string): string[] => text.split(',').filter((item) => item !== '')

/** The name given as an argument or by --name. Throws EksctlError without one. */
export function required(argument: string | undefined, option: string | undefined): string {
  if (argument !== undefined && option !== undefined)
    throw new EksctlError(`--name=${option} and argument ${argument} cannot be used at the same time`)
  const name = argument ?? option
  if (name === undefined) throw new EksctlError('--name must be set')
  return name
}
