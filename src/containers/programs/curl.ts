import { resolvePath } from '../files/tree.ts'
import type { Process, Program } from '../processes/process.ts'
import { bodyOf, type Data, isData, UnreadableFile } from './curl-data.ts'
import { SignatureProblem, signedHeaders } from './curl-signature.ts'
import { portOf, RequestError, sendRequest } from './http-request.ts'

interface Options {
  urls: string[]
  method: string | undefined
  headers: Record<string, string>
  data: Data[]
  /** `--get`: the data goes into the URL. */
  get: boolean
  output: string | undefined
  remoteName: boolean
  include: boolean
  head: boolean
  silent: boolean
  showError: boolean
  fail: boolean
  /** `--fail-with-body`: fails too, and shows what came. */
  showBody: boolean
  follow: boolean
  verbose: boolean
  writeOut: string | undefined
  timeoutMs: number | undefined
  /** `--max-time`: for all of it. */
  maxMs: number | undefined
  insecure: boolean
  /** File with the authorities to trust. */
  authorities: string | undefined
  /** `name:password` */
  user: string | undefined
  /** `--aws-sigv4`: signs with the user's name and password, which are a key and its secret. */
  signature: string | undefined
}

const WITH_VALUE: Record<string, string> = {
  X: 'request',
  H: 'header',
  d: 'data',
  o: 'output',
  w: 'write-out',
  m: 'max-time',
  A: 'user-agent',
  u: 'user',
  e: 'referer',
  b: 'cookie',
}
const VALUES = new Set([
  ...Object.values(WITH_VALUE),
  'aws-sigv4',
  'cacert',
  'connect-timeout',
  'data-raw',
  'data-binary',
  'data-urlencode',
  'json',
  'retry',
  'retry-delay',
  'resolve',
  'url',
])
const FLAGS: Record<string, string> = {
  i: 'include',
  I: 'head',
  s: 'silent',
  S: 'show-error',
  f: 'fail',
  G: 'get',
  L: 'location',
  v: 'verbose',
  O: 'remote-name',
  k: 'insecure',
  g: 'globoff',
  N: 'no-buffer',
  '4': 'ipv4',
}

/** curl, for HTTP and HTTPS over the world's network. */
export function curl(version: string): Program {
  return async (process) => {
    const options = parseArguments(process.argv.slice(1))
    if (typeof options === 'string') {
      if (options === 'version') {
        await process.print(
          `curl ${version} (x86_64-pc-linux-gnu) libcurl/${version}\nProtocols: http https\n`,
        )
        return 0
      }
      await process.complain(
        `curl: option ${options}: is unknown\ncurl: try 'curl --help' for more information\n`,
      )
      return 2
    }
    if (options.urls.length === 0) {
      await process.complain(
        "curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n",
      )
      return 2
    }
    let status = 0
    for (const url of options.urls) status = await transfer(process, version, options, url)
    return status
  }
}

async function transfer(
  process: Process,
  version: string,
  options: Options,
  address: string,
): Promise<number> {
  let url: URL
  try {
    url = new URL(/^\w+:\/\//.test(address) ? address : `http://${address}`)
  } catch {
    return problem(process, options, 3, 'URL rejected: Malformed input to a URL function')
  }
  const data = await bodyOf(process, options.data)
  if (data instanceof UnreadableFile) {
    await process.complain(
      `curl: Failed to open ${data.file}\ncurl: option ${data.option}: error encountered when reading a file\ncurl: try 'curl --help' or 'curl --manual' for more information\n`,
    )
    return 26
  }
  if (options.get && data) url.search += `${url.search ? '&' : '?'}${data}`
  const body = options.get ? undefined : data
  const tls = { authorities: undefined as string | undefined, insecure: options.insecure }
  if (options.authorities !== undefined) {
    const file = resolvePath(process.cwd, options.authorities)
    const text = await process.machine.files.read(file).catch(() => undefined)
    if (!text) {
      const message = `error setting certificate verify locations:  CAfile: ${options.authorities}`
      return problem(process, options, 77, message)
    }
    tls.authorities = Buffer.from(text).toString()
  }
  let method = options.method ?? (options.head ? 'HEAD' : body ? 'POST' : 'GET')
  const started = process.machine.clock.now()
  for (let redirects = 0; ; redirects++) {
    const headers: Record<string, string> = {
      'user-agent': `curl/${version}`,
      accept: '*/*',
      ...(body ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      ...options.headers,
    }
    try {
      Object.assign(headers, credentials(process, options, url, method, body))
      const { answer, address: ip } = await sendRequest(process, {
        url,
        method,
        headers,
        body,
        timeoutMs: options.timeoutMs ?? options.maxMs,
        answerMs: options.maxMs,
        tls,
      })
      if (options.verbose) await trace(process, url, ip, method, headers, answer)
      const location = answer.headers.location
      const head = `HTTP/${answer.httpVersion} ${answer.statusCode} ${answer.statusMessage}\r\n${rawHeaders(answer.rawHeaders)}\r\n`
      if (options.include || options.head) await process.print(head)
      if (
        options.follow &&
        location &&
        answer.statusCode! >= 300 &&
        answer.statusCode! < 400 &&
        redirects < 50
      ) {
        answer.resume()
        url = new URL(location, url)
        if (answer.statusCode! <= 303 && method !== 'HEAD') method = 'GET'
        continue
      }
      if (options.fail && !options.showBody && answer.statusCode! >= 400) {
        answer.resume()
        return problem(process, options, 22, `The requested URL returned error: ${answer.statusCode}`)
      }
      const chunks: Buffer[] = []
      let size = 0
      const target =
        options.output ??
        (options.remoteName ? url.pathname.slice(url.pathname.lastIndexOf('/') + 1) : undefined)
      for await (const chunk of answer) {
        size += chunk.length
        if (target === undefined) await process.print(chunk)
        else chunks.push(chunk)
      }
      if (target !== undefined && target !== '/dev/null')
        process.machine.files.writeSync(resolvePath(process.cwd, target), Buffer.concat(chunks))
      if (options.writeOut)
        await process.print(
          writeOut(
            options.writeOut,
            answer.statusCode!,
            url,
            size,
            process.machine.clock.now() - started,
            ip,
          ),
        )
      if (options.fail && answer.statusCode! >= 400)
        return problem(process, options, 22, `The requested URL returned error: ${answer.statusCode}`)
      return 0
    } catch (error) {
      if (error instanceof SignatureProblem) return problem(process, options, error.code, error.message)
      if (!(error instanceof RequestError)) throw error
      const ms = Math.round(process.machine.clock.now() - started)
      const port = portOf(url)
      const [code, message] = {
        resolve: [6, `Could not resolve host: ${url.hostname}`],
        refused: [
          7,
          `Failed to connect to ${url.hostname} port ${port} after ${ms} ms: Could not connect to server`,
        ],
        unreachable: [
          7,
          `Failed to connect to ${url.hostname} port ${port} after ${ms} ms: Could not connect to server`,
        ],
        timeout: [
          28,
          (options.timeoutMs ?? options.maxMs)
            ? `Connection timed out after ${ms} milliseconds`
            : `Failed to connect to ${url.hostname} port ${port} after ${ms} ms: Could not connect to server`,
        ],
        silent: [28, `Operation timed out after ${ms} milliseconds with 0 bytes received`],
        scheme: [1, error.message],
        closed: [52, 'Empty reply from server'],
        tls: [35, `TLS connect error: ${error.message}`],
        certificate: [60, `${error.message}${MORE_DETAILS}`],
      }[error.reason] as [number, string]
      if (options.writeOut) await process.print(writeOut(options.writeOut, 0, url, 0, ms, ''))
      return problem(process, options, code, message)
    }
  }
}

/** What says who asks; a header of the user's own goes before it. */
function credentials(
  process: Process,
  { headers, signature, user }: Options,
  url: URL,
  method: string,
  body: Buffer | undefined,
): Record<string, string> {
  if (user === undefined || headers.authorization !== undefined) return {}
  if (signature === undefined) return { authorization: `Basic ${Buffer.from(user).toString('base64')}` }
  // AWS takes a signature's date by the host's time, as all its clients outside of the world do.
  return signedHeaders(signature, { url, method, headers, body, user }, process.machine.clock.hostNow())
}

const MORE_DETAILS = `
More details here: https://curl.se/docs/sslcerts.html

curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it. To learn more about this situation and
how to fix it, please visit the webpage mentioned above.`

async function problem(process: Process, options: Options, code: number, message: string): Promise<number> {
  if (!options.silent || options.showError) await process.complain(`curl: (${code}) ${message}\n`)
  return code
}

const rawHeaders = (raw: readonly string[]) => {
  let text = ''
  for (let index = 0; index < raw.length; index += 2) text += `${raw[index]}: ${raw[index + 1]}\r\n`
  return text
}

async function trace(
  process: Process,
  url: URL,
  ip: string,
  method: string,
  headers: Record<string, string>,
  answer: { httpVersion: string; statusCode?: number; statusMessage?: string; rawHeaders: string[] },
) {
  const port = portOf(url)
  const sent = Object.entries({
    Host: url.host,
    'User-Agent': headers['user-agent'],
    Accept: headers.accept,
  }).map(([name, value]) => `> ${name}: ${value}\n`)
  await process.complain(
    `*   Trying ${ip}:${port}...\n* Connected to ${url.hostname} (${ip}) port ${port}\n> ${method} ${url.pathname}${url.search} HTTP/1.1\n${sent.join('')}> \n* Request completely sent off\n< HTTP/${answer.httpVersion} ${answer.statusCode} ${answer.statusMessage}\n${rawHeaders(
      answer.rawHeaders,
    )
      .replace(/\r\n/g, '\n')
      .replace(/^(?=.)/gm, '< ')}< \n`,
  )
}

function writeOut(format: string, code: number, url: URL, size: number, ms: number, ip: string): string {
  const values: Record<string, string> = {
    http_code: String(code).padStart(3, '0'),
    response_code: String(code).padStart(3, '0'),
    url_effective: url.href,
    size_download: String(size),
    time_total: (ms / 1000).toFixed(6),
    time_connect: '0.000200',
    remote_ip: ip,
  }
  return format
    .replace(/%\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
    .replace(/\\n/g, '\n')
    .replace(/\\t/g, '\t')
    .replace(/%%/g, '%')
}

function parseArguments(args: readonly string[]): Options | string {
  const options: Options = {
    urls: [],
    method: undefined,
    headers: {},
    data: [],
    get: false,
    output: undefined,
    remoteName: false,
    include: false,
    head: false,
    silent: false,
    showError: false,
    fail: false,
    showBody: false,
    follow: false,
    verbose: false,
    writeOut: undefined,
    timeoutMs: undefined,
    maxMs: undefined,
    insecure: false,
    authorities: undefined,
    user: undefined,
    signature: undefined,
  }
  const words = [...args]
  const take = (name: string, value: string) => {
    const header = (key: string, text: string) => {
      options.headers[key] = text
    }
    if (name === 'request') options.method = value
    else if (name === 'header')
      header(value.slice(0, value.indexOf(':')).toLowerCase(), value.slice(value.indexOf(':') + 1).trim())
    else if (isData(name)) options.data.push({ option: name, text: value })
    else if (name === 'json') {
      options.data.push({ option: 'json', text: value })
      header('content-type', 'application/json')
    } else if (name === 'output') options.output = value
    else if (name === 'write-out') options.writeOut = value
    else if (name === 'connect-timeout') options.timeoutMs = Number(value) * 1000
    else if (name === 'max-time') options.maxMs = Number(value) * 1000
    else if (name === 'user-agent') header('user-agent', value)
    else if (name === 'user') options.user = value
    else if (name === 'aws-sigv4') options.signature = value
    else if (name === 'referer') header('referer', value)
    else if (name === 'cookie') header('cookie', value)
    else if (name === 'cacert') options.authorities = value
    else if (name === 'url') options.urls.push(value)
  }
  const flag = (name: string): boolean => {
    if (name === 'include') options.include = true
    else if (name === 'head') options.head = true
    else if (name === 'silent') options.silent = true
    else if (name === 'show-error') options.showError = true
    else if (name === 'fail' || name === 'fail-with-body') {
      options.fail = true
      options.showBody = name === 'fail-with-body'
    } else if (name === 'get') options.get = true
    else if (name === 'location') options.follow = true
    else if (name === 'insecure') options.insecure = true
    else if (name === 'verbose') options.verbose = true
    else if (name === 'remote-name') options.remoteName = true
    else return ['globoff', 'no-buffer', 'ipv4', 'no-progress-meter', 'compressed', 'http1.1'].includes(name)
    return true
  }
  while (words.length > 0) {
    const word = words.shift()!
    if (word === '--version' || word === '-V') return 'version'
    if (word.startsWith('--')) {
      const name = word.slice(2)
      if (VALUES.has(name)) take(name, words.shift() ?? '')
      else if (!flag(name)) return word
    } else if (/^-./.test(word)) {
      for (let index = 1; index < word.length; index++) {
        const letter = word[index]!
        if (WITH_VALUE[letter]) {
          take(WITH_VALUE[letter], word.slice(index + 1) || (words.shift() ?? ''))
          break
        }
        if (!FLAGS[letter] || !flag(FLAGS[letter])) return word
      }
    } else options.urls.push(word)
  }
  return options
}
