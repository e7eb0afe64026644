import { createInterface } from 'node:readline/promises'
import { CommandError, readAll } from './client.ts'
import { type Command, out } from './command.ts'
import { configFile, HUB_ADDRESS, removeCredentials, saveCredentials } from './config.ts'
import { parseFlags } from './flags.ts'

const login: Command = async (client, words) => {
  const flags = parseFlags(words, {
    username: { short: 'u', kind: 'string' },
    password: { short: 'p', kind: 'string' },
    'password-stdin': { kind: 'boolean' },
  })
  const address = flags.args[0]?.replace(/^https?:\/\//, '').replace(/\/$/, '') ?? HUB_ADDRESS
  let username = flags.text('username')
  let password = flags.text('password')
  if (password !== undefined)
    process.stderr.write('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n')
  if (flags.has('password-stdin')) {
    if (!username) throw new CommandError('Must provide --username with --password-stdin')
    password = (await readAll(process.stdin)).toString().replace(/\r?\n$/, '')
  } else if (username === undefined || password === undefined) {
    if (!process.stdin.isTTY)
      throw new CommandError('Error: Cannot perform an interactive login from a non TTY device')
    const terminal = createInterface({ input: process.stdin, output: process.stdout, terminal: true })
    username ??= await terminal.question('Username: ')
    out('\ni Info → A Personal Access Token (PAT) can be used instead.\n\n')
    password ??= await hiddenQuestion(terminal, 'Password: ')
    terminal.close()
  }
  const credentials = { username: username!, password }
  const answer = await client.json('POST', '/auth', { body: { ...credentials, serveraddress: address } })
  await saveCredentials(address, credentials)
  process.stderr.write(
    `\nWARNING! Your credentials are stored unencrypted in '${configFile()}'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n\n`,
  )
  out(`${answer.Status}\n`)
  return 0
}

/** Asks without showing what is typed. */
async function hiddenQuestion(terminal: ReturnType<typeof createInterface>, prompt: string): Promise<string> {
  out(prompt)
  const shown = process.stdout.write
  process.stdout.write = (() => true) as typeof process.stdout.write
  try {
    return await terminal.question('')
  } finally {
    process.stdout.write = shown
    out('\n')
  }
}

const logout: Command = async (_client, words) => {
  const address = words[0]?.replace(/^https?:\/\//, '').replace(/\/$/, '') ?? HUB_ADDRESS
  const removed = await removeCredentials(address)
  out(removed ? `Removing login credentials for ${address}\n` : `Not logged in to ${address}\n`)
  return 0
}

/** The commands on a registry's credentials. */
export const LOGIN_COMMANDS: Record<string, Command> = { login, logout }
