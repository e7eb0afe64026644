import { readContent } from '../files/nodes.ts'
import { resolvePath } from '../files/tree.ts'
import type { Process, Program } from '../processes/process.ts'
import type { DnsRecord, DnsType } from '../runtime.ts'
import { openSocket, portOf, RequestError, sendRequest } from './http-request.ts'
import { ifconfig, route } from './ifconfig.ts'
import { ip } from './ip.ts'
import { resolveHost } from './resolve-host.ts'

const wget: Program = async (process) => {
  let output: string | undefined
  let quiet = false
  let spider = false
  let timeoutMs: number | undefined
  const headers: Record<string, string> = { 'user-agent': 'Wget', connection: 'close' }
  let body: Buffer | undefined
  const urls: string[] = []
  const words = process.argv.slice(1)
  while (words.length > 0) {
    const word = words.shift()!
    if (word === '--spider') spider = true
    else if (word === '--header') {
      const text = words.shift() ?? ''
      headers[text.slice(0, text.indexOf(':')).toLowerCase()] = text.slice(text.indexOf(':') + 1).trim()
    } else if (word.startsWith('--timeout=')) timeoutMs = Number(word.slice(10)) * 1000
    else if (word === '--post-data') body = Buffer.from(words.shift() ?? '')
    else if (word.startsWith('--post-data=')) body = Buffer.from(word.slice(12))
    else if (word.startsWith('--')) continue
    else if (word.startsWith('-')) {
      for (let index = 1; index < word.length; index++) {
        const letter = word[index]!
        const value = () => word.slice(index + 1) || (words.shift() ?? '')
        if (letter === 'q') quiet = true
        else if (letter === 'O') {
          output = value()
          break
        } else if (letter === 'T') {
          timeoutMs = Number(value()) * 1000
          break
        } else if (letter === 't' || letter === 'Y') {
          value()
          break
        }
      }
    } else urls.push(word)
  }
  if (urls.length === 0) {
    await process.complain('wget: missing URL\n')
    return 1
  }
  const say = (text: string) => (quiet ? Promise.resolve() : process.complain(text))
  let url = new URL(/^\w+:\/\//.test(urls[0]!) ? urls[0]! : `http://${urls[0]}`)
  try {
    for (let redirects = 0; ; redirects++) {
      const address = process.machine.resolveName(url.hostname)
      if (address) await say(`Connecting to ${url.host} (${address}:${portOf(url)})\n`)
      // BusyBox's TLS does not verify, and says so.
      if (url.protocol === 'https:') await say('wget: note: TLS certificate validation not implemented\n')
      const { answer } = await sendRequest(process, {
        url,
        method: body ? 'POST' : 'GET',
        headers,
        body,
        timeoutMs,
        tls: { insecure: true },
      })
      if (
        answer.statusCode! >= 300 &&
        answer.statusCode! < 400 &&
        answer.headers.location &&
        redirects < 20
      ) {
        answer.resume()
        url = new URL(answer.headers.location, url)
        continue
      }
      if (answer.statusCode! >= 400) {
        await process.complain(
          `wget: server returned error: HTTP/${answer.httpVersion} ${answer.statusCode} ${answer.statusMessage}\n`,
        )
        return 1
      }
      if (spider) {
        await say('remote file exists\n')
        return 0
      }
      const name = output ?? (url.pathname.slice(url.pathname.lastIndexOf('/') + 1) || 'index.html')
      const chunks: Buffer[] = []
      for await (const chunk of answer) {
        if (name === '-') await process.print(chunk)
        else chunks.push(chunk)
      }
      if (name === '-')
        await say(
          `writing to stdout\n-                    100% |********************************|  written to stdout\n`,
        )
      else {
        if (name !== '/dev/null')
          process.machine.files.writeSync(resolvePath(process.cwd, name), Buffer.concat(chunks))
        const size = chunks.reduce((sum, { length }) => sum + length, 0)
        await say(
          `saving to '${name}'\n${name.padEnd(20)} 100% |********************************| ${String(size).padStart(5)}  0:00:00 ETA\n'${name}' saved\n`,
        )
      }
      return 0
    }
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    const address = `${url.hostname} (${error.address}:${portOf(url)})`
    const text = {
      resolve: `bad address '${url.host}'`,
      refused: `can't connect to remote host (${error.address}): Connection refused`,
      unreachable: `can't connect to remote host (${error.address}): Host is unreachable`,
      silent: 'download timed out',
      timeout: timeoutMs
        ? 'download timed out'
        : `can't connect to remote host (${error.address}): Connection timed out`,
      scheme: error.message,
      closed: `error getting response from ${address}`,
      tls: `error getting response from ${address}`,
      certificate: error.message,
    }[error.reason]
    await process.complain(`wget: ${text}\n`)
    return 1
  }
}

/** Records as BusyBox writes them. Source: networking/nslookup.c */
const LINES: Record<DnsType, (record: DnsRecord) => string> = {
  A: ({ name, data }) => `Name:\t${name}\nAddress: ${data}\n`,
  CNAME: ({ name, data }) => `${name}\tcanonical name = ${data}\n`,
  PTR: ({ name, data }) => `${name}\tname = ${data}\n`,
  SRV: ({ name, data }) => `${name}\tservice = ${data}\n`,
}

const nslookup: Program = async (process) => {
  const words = process.argv.slice(1)
  const names = words.filter((word) => !word.startsWith('-'))
  const asked = words.map((word) => /^-(?:type|querytype|query|q)=(\w+)$/.exec(word)?.[1]).find(Boolean)
  const node = process.machine.files.find('/etc/resolv.conf')
  const text = node?.kind === 'file' ? Buffer.from(await readContent(node.content)).toString() : ''
  const server = names[1] ?? /^nameserver\s+(\S+)/m.exec(text)?.[1] ?? '10.0.0.2'
  const name = names[0] ?? ''
  const type = asked?.toUpperCase() ?? (ADDRESS.test(name) ? 'PTR' : 'A')
  if (!(type in LINES)) {
    await process.complain(`nslookup: invalid query type "${asked}"\n`)
    return 1
  }
  const answered = () => process.print(`Server:\t\t${server}\nAddress:\t${server}:53\n\n`)
  for (const full of type === 'PTR' ? [reversed(name)] : searched(name, text)) {
    const records = process.machine.askNames(full, type as DnsType, server)
    if (!records) continue
    if (records === 'failed') {
      await answered()
      await process.print(`** server can't find ${full}: SERVFAIL\n\n`)
      return 1
    }
    if (typeof records === 'string') {
      // One question for each kind of address, and the wait for both.
      for (let asked = 0; records === 'refused' && asked < 2; asked++)
        await process.complain('nslookup: read: Connection refused\n')
      await process.sleep(NSLOOKUP_TIMEOUT_MS)
      await process.print(';; connection timed out; no servers could be reached\n\n')
      return 1
    }
    await answered()
    const lines = records.map((record) => LINES[record.type](record))
    await process.print(`${lines.length > 0 ? lines.join('') : `*** Can't find ${full}: No answer\n`}\n`)
    return 0
  }
  await answered()
  await process.print(`** server can't find ${name}: NXDOMAIN\n\n`)
  return 1
}

const ADDRESS = /^\d+(?:\.\d+){3}$/

/** The name under which the names of an address stand. */
const reversed = (address: string): string =>
  ADDRESS.test(address) ? `${address.split('.').reverse().join('.')}.in-addr.arpa` : address
/** How long nslookup of BusyBox waits for a server (`-timeout`), ms. */
const NSLOOKUP_TIMEOUT_MS = 5_000

/** The full names that a name may stand for, in the order that a resolver with this `resolv.conf` asks for them. */
function searched(name: string, resolvConf: string): string[] {
  const [plain] = name.split(/\.$/)
  if (plain !== name) return [plain!]
  const domains = /^search\s+(.+)$/m.exec(resolvConf)?.[1]?.trim().split(/\s+/) ?? []
  const ndots = Number(/\bndots:(\d+)/.exec(resolvConf)?.[1] ?? 1)
  const full = domains.map((domain) => `${name}.${domain}`)
  return name.split('.').length > ndots ? [name, ...full] : [...full, name]
}

const nc: Program = async (process) => {
  const words = process.argv.slice(1)
  let scan = false
  let listenPort: number | undefined
  let timeoutMs = 130_000
  const rest: string[] = []
  let listening = false
  while (words.length > 0) {
    const word = words.shift()!
    if (word === '-w') timeoutMs = Number(words.shift()) * 1000
    else if (word === '-p') listenPort = Number(words.shift())
    else if (/^-/.test(word)) {
      if (word.includes('z')) scan = true
      if (word.includes('l')) listening = true
      if (/w\d+/.test(word)) timeoutMs = Number(/w(\d+)/.exec(word)![1]) * 1000
    } else rest.push(word)
  }
  if (listening) return listen(process, listenPort ?? Number(rest.at(-1)))
  const [host = '', port = ''] = rest
  const address = await resolveHost(process, host)
  if (!address) {
    await process.complain(`nc: bad address '${host}'\n`)
    return 1
  }
  try {
    const socket = await openSocket(process, address, Number(port), timeoutMs)
    if (scan) {
      await process.complain(`${host} (${address}:${port}) open\n`)
      socket.destroy()
      return 0
    }
    const input = (async () => {
      for (let chunk = await process.read(); chunk; chunk = await process.read()) socket.write(chunk)
      socket.end()
    })()
    input.catch(() => socket.destroy())
    for await (const chunk of socket) await process.print(chunk)
    return 0
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    await process.complain(
      `nc: ${host} (${address}:${port}): ${error.reason === 'timeout' ? 'Connection timed out' : error.message}\n`,
    )
    return 1
  }
}

async function listen(process: Process, port: number): Promise<number> {
  process.check()
  const connection = await process.waitFor(
    new Promise<import('node:stream').Duplex>((resolve) => {
      const listener = process.machine.network.listen(process.machine.address, port, (socket) => {
        listener.close()
        resolve(socket)
      })
      process.signal.addEventListener('abort', () => listener.close(), { once: true })
    }),
  )
  void (async () => {
    for (let chunk = await process.read(); chunk; chunk = await process.read()) connection.write(chunk)
    connection.end()
  })().catch(() => connection.destroy())
  for await (const chunk of connection) await process.print(chunk)
  return 0
}

const ping: Program = async (process) => {
  const words = process.argv.slice(1)
  let count = Number.POSITIVE_INFINITY
  const names: string[] = []
  while (words.length > 0) {
    const word = words.shift()!
    const [, option, joined] = /^-([cwWisI])(.*)$/.exec(word) ?? []
    const value = option && (joined || words.shift())
    if (option === 'c') count = Number(value)
    else if (!word.startsWith('-')) names.push(word)
  }
  const name = names[0] ?? ''
  const address = await resolveHost(process, name)
  if (!address) {
    await process.complain(`ping: bad address '${name}'\n`)
    return 1
  }
  await process.print(`PING ${name} (${address}): 56 data bytes\n`)
  let sent = 0
  let received = 0
  const summary = () =>
    process.print(
      `\n--- ${name} ping statistics ---\n${sent} packets transmitted, ${received} packets received, ${sent ? Math.round(100 - (received * 100) / sent) : 0}% packet loss\n${received ? 'round-trip min/avg/max = 0.051/0.063/0.084 ms\n' : ''}`,
    )
  const interrupted = new Promise<'stop'>((resolve) => process.on('SIGINT', () => resolve('stop')))
  while (sent < count) {
    const alive = reachable(process, address)
    if (alive) await process.print(`64 bytes from ${address}: seq=${sent} ttl=64 time=0.063 ms\n`)
    sent++
    if (alive) received++
    if (sent < count && (await process.waitFor(Promise.race([process.sleep(1000), interrupted]))) === 'stop')
      break
  }
  await summary()
  return received > 0 ? 0 : 1
}

/** Whether anything is at an address: a closed port refuses there, and elsewhere the host is unreachable. */
function reachable(process: Process, address: string): boolean {
  try {
    process.machine.connect(address, 1).destroy()
    return true
  } catch (error) {
    return (error as { code?: string }).code === 'ECONNREFUSED'
  }
}

/** Tools that use the world's network. */
export const NETWORK_UTILITIES: Record<string, Program> = {
  wget,
  nslookup,
  nc,
  ping,
  ping6: ping,
  ip: ip('busybox'),
  ifconfig,
  route,
}
