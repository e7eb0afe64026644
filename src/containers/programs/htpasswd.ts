import { resolvePath } from '../files/tree.ts'
import type { Process, Program } from '../processes/process.ts'
import { apr1, bcryptHash, newSalt, passwordFits, shaHash } from './password-hashes.ts'

const USAGE = `Usage:
	htpasswd [-cimB25dpsDv] [-C cost] [-r rounds] passwordfile username
	htpasswd -b[cmB25dpsDv] [-C cost] [-r rounds] passwordfile username password

	htpasswd -n[imB25dps] [-C cost] [-r rounds] username
	htpasswd -nb[mB25dps] [-C cost] [-r rounds] username password
 -c  Create a new file.
 -n  Don't update file; display results on stdout.
 -b  Use the password from the command line rather than prompting for it.
 -i  Read password from stdin without verification (for script usage).
 -m  Force MD5 hashing of the password (default).
 -B  Force bcrypt hashing of the password (very secure).
 -C  Set the computing time used for the bcrypt algorithm
     (higher is more secure but slower, default: 5, valid: 4 to 17).
 -s  Force SHA-1 hashing of the password (insecure).
 -p  Do not hash the password (plaintext, insecure).
 -D  Delete the specified user.
 -v  Verify password for the specified user.
`

/** Exit codes of Apache's support/htpasswd.c. */
const SYNTAX = 2
const INTERRUPTED = 3
const OVERFLOW_OR_FILE = 1
const BAD_USER = 6

/** `htpasswd` of Apache httpd: users and hashed passwords in a file, or on its output. https://httpd.apache.org/docs/2.4/programs/htpasswd.html */
export const htpasswd: Program = async (process) => {
  const asked = readArguments(process.argv.slice(1))
  if (typeof asked === 'string') {
    await process.complain(asked)
    return SYNTAX
  }
  const { flags, cost, path, user } = asked
  if (user.includes(':')) {
    await process.complain("htpasswd: username contains illegal character ':'\n")
    return BAD_USER
  }
  const file = path === undefined ? undefined : resolvePath(process.cwd, path)
  if (file !== undefined && !flags.has('c') && !process.files.exists(file)) {
    await process.complain(
      flags.has('D') || flags.has('v')
        ? `htpasswd: cannot open file ${path} for read access\n`
        : `htpasswd: cannot modify file ${path}; use '-c' to create it\n`,
    )
    return OVERFLOW_OR_FILE
  }
  const text =
    file === undefined || flags.has('c') ? '' : Buffer.from(await process.files.read(file)).toString()
  const lines = text.split('\n').filter(Boolean)
  const at = lines.findIndex((line) => line.startsWith(`${user}:`))
  const write = (kept: readonly string[]) =>
    process.files.write(file!, Buffer.from(kept.map((line) => `${line}\n`).join('')))

  if (flags.has('D')) {
    if (at === -1) {
      await process.complain(`User ${user} not found\n`)
      return 0
    }
    await write(lines.toSpliced(at, 1))
    await process.complain(`Deleting password for user ${user}\n`)
    return 0
  }
  const password = asked.password ?? (await readPassword(process, flags))
  if (password === undefined) {
    await process.complain('htpasswd: password verification error\n')
    return INTERRUPTED
  }
  if (flags.has('v')) {
    if (at === -1) {
      await process.complain(`User ${user} not found\n`)
      return BAD_USER
    }
    const right = await passwordFits(password, lines[at]!.slice(user.length + 1))
    await process.complain(right ? `Password for user ${user} correct.\n` : 'password verification failed\n')
    return right ? 0 : INTERRUPTED
  }
  const line = `${user}:${await hashed(password, flags, cost)}`
  if (file === undefined) await process.print(`${line}\n\n`)
  else {
    await write(at === -1 ? [...lines, line] : lines.with(at, line))
    await process.complain(`${at === -1 ? 'Adding' : 'Updating'} password for user ${user}\n`)
  }
  return 0
}

interface Asked {
  flags: ReadonlySet<string>
  cost: number
  /** Missing with `-n`. */
  path: string | undefined
  user: string
  /** With `-b`. */
  password: string | undefined
}

/** The words of the command line, or what is wrong with them. */
function readArguments(words: readonly string[]): Asked | string {
  const flags = new Set<string>()
  const rest = [...words]
  let cost = 5
  while (rest[0]?.startsWith('-')) {
    for (const letters = [...rest.shift()!.slice(1)]; letters.length > 0; ) {
      const letter = letters.shift()!
      if (letter === 'C' || letter === 'r') {
        const value = letters.splice(0).join('') || rest.shift()
        if (letter === 'C') cost = Number(value)
      } else if (!'cnbimBspDv25d'.includes(letter)) return USAGE
      else flags.add(letter)
    }
  }
  const has = (letter: string) => flags.has(letter)
  if (has('2') || has('5') || has('d'))
    return 'drydock: htpasswd with crypt(3), SHA-256 and SHA-512 is not simulated; use -B, -m or -s\n'
  if (has('c') && has('n')) return 'htpasswd: -c and -n options conflict\n'
  if (has('c') && has('D')) return 'htpasswd: -c and -D options conflict\n'
  if (has('n') && has('D')) return 'htpasswd: -n and -D options conflict\n'
  if (has('b') && has('i')) return 'htpasswd: -i and -b options conflict\n'
  if (!Number.isInteger(cost) || cost < 4 || cost > 17)
    return 'htpasswd: Unable to encode with bcrypt: argument to -C must be a positive integer from 4 to 17\n'
  if (rest.length !== 1 + (has('n') ? 0 : 1) + (has('b') ? 1 : 0)) return USAGE
  const path = has('n') ? undefined : rest.shift()
  return { flags, cost, path, user: rest[0]!, password: rest[1] }
}

/** Asks for the password, twice if it is a new one; undefined: the two differ. */
async function readPassword(process: Process, flags: ReadonlySet<string>): Promise<string | undefined> {
  const typed = lineReader(process)
  if (flags.has('i')) return typed()
  const ask = async (prompt: string) => {
    await process.complain(prompt)
    return typed()
  }
  if (flags.has('v')) return ask('Enter password: ')
  const first = await ask('New password: ')
  return first === (await ask('Re-type new password: ')) ? first : undefined
}

/** Gives the lines of standard input one by one, empty ones after its end. */
function lineReader(process: Process): () => Promise<string> {
  let text = ''
  return async () => {
    while (!text.includes('\n')) {
      const chunk = await process.waitFor(process.stdin.read())
      if (!chunk) break
      text += Buffer.from(chunk).toString()
    }
    const end = text.indexOf('\n')
    const line = end === -1 ? text : text.slice(0, end)
    text = end === -1 ? '' : text.slice(end + 1)
    return line.replace(/\r$/, '')
  }
}

function hashed(password: string, flags: ReadonlySet<string>, cost: number): Promise<string> | string {
  if (flags.has('B')) return bcryptHash(password, cost)
  if (flags.has('s')) return shaHash(password)
  if (flags.has('p')) return password
  return apr1(password, newSalt())
}
