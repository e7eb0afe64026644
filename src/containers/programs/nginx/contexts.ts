import { type Directive, NginxConfigError } from './config.ts'

/**
 * Where the directives that people put in wrong places may stand, and how many words they take
 * (https://nginx.org/en/docs/dirindex.html, 2025-11, from knowledge); the others are not checked.
 */
const RULES: Readonly<Record<string, { in: string; words?: [least: number, most: number] }>> = {
  user: { in: 'main', words: [1, 2] },
  worker_processes: { in: 'main', words: [1, 1] },
  worker_connections: { in: 'events', words: [1, 1] },
  events: { in: 'main', words: [0, 0] },
  http: { in: 'main', words: [0, 0] },
  stream: { in: 'main', words: [0, 0] },
  pid: { in: 'main', words: [1, 1] },
  server: { in: 'http upstream stream' },
  upstream: { in: 'http stream', words: [1, 1] },
  map: { in: 'http stream', words: [2, 2] },
  geo: { in: 'http stream', words: [1, 2] },
  log_format: { in: 'http stream' },
  limit_req_zone: { in: 'http', words: [3, 4] },
  listen: { in: 'server', words: [1, 20] },
  server_name: { in: 'server', words: [1, 1000] },
  location: { in: 'server location', words: [1, 2] },
  root: { in: 'http server location if', words: [1, 1] },
  alias: { in: 'location', words: [1, 1] },
  index: { in: 'http server location', words: [1, 1000] },
  try_files: { in: 'server location', words: [2, 1000] },
  proxy_pass: { in: 'location if limit_except server', words: [1, 1] },
  proxy_set_header: { in: 'http server location', words: [2, 2] },
  return: { in: 'server location if', words: [1, 2] },
  rewrite: { in: 'server location if', words: [2, 3] },
  set: { in: 'server location if', words: [2, 2] },
  if: { in: 'server location' },
  break: { in: 'server location if', words: [0, 0] },
  allow: { in: 'http server location limit_except', words: [1, 1] },
  deny: { in: 'http server location limit_except', words: [1, 1] },
  auth_basic: { in: 'http server location limit_except', words: [1, 1] },
  auth_basic_user_file: { in: 'http server location limit_except', words: [1, 1] },
  add_header: { in: 'http server location if', words: [2, 3] },
  error_page: { in: 'http server location if', words: [2, 1000] },
  gzip: { in: 'http server location if', words: [1, 1] },
  internal: { in: 'location', words: [0, 0] },
}

/** Refuses a directive that stands in a wrong block or has too few or many words. Throws NginxConfigError. */
export function checkPlace({ name, args, block, file, line }: Directive, context: string): void {
  const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined
  if (!rule) return
  const at = `in ${file}:${line}`
  if (!rule.in.split(' ').includes(context))
    throw new NginxConfigError(`"${name}" directive is not allowed here ${at}`)
  const [least, most] = rule.words ?? [0, Number.POSITIVE_INFINITY]
  if (args.length < least || args.length > most)
    throw new NginxConfigError(`invalid number of arguments in "${name}" directive ${at}`)
  if (!block && BLOCKS.has(name) && !(name === 'server' && context === 'upstream'))
    throw new NginxConfigError(`directive "${name}" has no opening "{" ${at}`)
  if (block && !BLOCKS.has(name))
    throw new NginxConfigError(`directive "${name}" is not terminated by ";" ${at}`)
}

const BLOCKS = new Set(['events', 'http', 'stream', 'server', 'upstream', 'map', 'geo', 'location', 'if'])
