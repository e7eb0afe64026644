import { createHash } from 'node:crypto'
import type { Program } from '#containers/processes/process.ts'
import type { PortRules } from '../network/services.ts'
import type { NodeMachine } from './machine.ts'
import type { Machines } from './machines.ts'

/** The chains of a table, each with its policy (`-`: none, it is somebody's own), and the rules in order. */
interface Table {
  chains: Map<string, string>
  rules: string[]
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The 16 letters that name a chain: base32 of a SHA-256, as pkg/proxy/iptables portProtoHash and servicePortEndpointChainName. */
function hash(text: string): string {
  const bits = [...createHash('sha256').update(text).digest().subarray(0, 10)]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
  return bits.replaceAll(/.{5}/g, (five) => LETTERS[Number.parseInt(five, 2)]!)
}

const BUILT_IN: Record<string, string[]> = {
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
}

const comment = (text: string): string => `-m comment --comment "${text}"`
const PORTALS = comment('kubernetes service portals')

/** Chance of a rule among so many that are left, as the kernel keeps it: in 2³¹ parts. */
const chance = (left: number): string =>
  (Math.round(2 ** 31 * Number((1 / left).toFixed(10))) / 2 ** 31).toFixed(11)

/** The rules that kube-proxy has written on a machine. Models syncProxyRules of pkg/proxy/iptables/proxier.go. */
function tablesOf(node: NodeMachine | undefined): Record<string, Table> {
  const tables = Object.fromEntries(
    Object.entries(BUILT_IN).map(([name, chains]) => [
      name,
      { chains: new Map(chains.map((chain) => [chain, 'ACCEPT'])), rules: [] } as Table,
    ]),
  )
  const services = (node?.serviceRules() ?? []).filter(({ port }) => (port.protocol ?? 'TCP') === 'TCP')
  if (services.length === 0) return tables
  for (const table of Object.values(tables))
    table.chains.set('KUBE-PROXY-CANARY', '-').set('KUBE-KUBELET-CANARY', '-')
  writeNat(tables.nat!, services, clusterRange(node!))
  writeFilter(tables.filter!, services)
  for (const table of Object.values(tables)) {
    const own = [...table.chains].filter(([, policy]) => policy === '-').sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [name] of own) table.chains.delete(name)
    for (const [name] of own) table.chains.set(name, '-')
  }
  return tables
}

/** The pods' range, from the addresses that the nodes' pods have: kind's is `10.244.0.0/16`. */
function clusterRange(node: NodeMachine): string {
  const address = node
    .workers()
    .map(({ podAddress }) => podAddress)
    .find((one) => one && one !== node.address)
  return `${(address ?? '10.244.0.0').split('.').slice(0, 2).join('.')}.0.0/16`
}

function writeNat(table: Table, services: PortRules[], pods: string): void {
  const { chains, rules } = table
  for (const name of ['KUBE-MARK-MASQ', 'KUBE-NODEPORTS', 'KUBE-POSTROUTING', 'KUBE-SERVICES'])
    chains.set(name, '-')
  rules.push(
    `-A PREROUTING ${PORTALS} -j KUBE-SERVICES`,
    `-A OUTPUT ${PORTALS} -j KUBE-SERVICES`,
    `-A POSTROUTING ${comment('kubernetes postrouting rules')} -j KUBE-POSTROUTING`,
  )
  const of = new Map<string, string[]>()
  const add = (chain: string, rule: string) => {
    if (!of.has(chain)) of.set(chain, [])
    chains.set(chain, '-')
    of.get(chain)!.push(`-A ${chain} ${rule}`)
  }
  add('KUBE-MARK-MASQ', '-j MARK --set-xmark 0x4000/0x4000')
  for (const each of services) if (each.backends.length > 0) writeService(each, pods, add)
  add(
    'KUBE-SERVICES',
    `${comment('kubernetes service nodeports; NOTE: this must be the last rule in this chain')} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`,
  )
  add('KUBE-POSTROUTING', '-m mark ! --mark 0x4000/0x4000 -j RETURN')
  add('KUBE-POSTROUTING', '-j MARK --set-xmark 0x4000/0x0')
  add(
    'KUBE-POSTROUTING',
    `${comment('kubernetes service traffic requiring SNAT')} -j MASQUERADE --random-fully`,
  )
  const names = [...of.keys()].sort()
  rules.push(...names.flatMap((name) => of.get(name)!))
}

const nameOf = ({ service: { metadata }, port }: PortRules): string =>
  `${metadata.namespace}/${metadata.name}${port.name ? `:${port.name}` : ''}`

function writeService(rules: PortRules, pods: string, add: (chain: string, rule: string) => void): void {
  const { service, port, backends } = rules
  const name = nameOf(rules)
  const id = hash(`${name}tcp`)
  const chain = `KUBE-SVC-${id}`
  const at = `-d ${service.spec.clusterIP}/32 -p tcp ${comment(`${name} cluster IP`)} -m tcp --dport ${port.port}`
  add('KUBE-SERVICES', `${at} -j ${chain}`)
  add(chain, `! -s ${pods} ${at} -j KUBE-MARK-MASQ`)
  const sorted = backends.map(({ address, port: number }) => `${address}:${number}`).sort()
  const sticky = service.spec.sessionAffinity === 'ClientIP'
  const seconds = service.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800
  const ends = sorted.map((end) => [end, `KUBE-SEP-${hash(`${name}tcp${end}`)}`] as const)
  if (sticky) {
    for (const [end, target] of ends)
      add(
        chain,
        `${comment(`${name} -> ${end}`)} -m recent --rcheck --seconds ${seconds} --reap --name ${target} --mask 255.255.255.255 --rsource -j ${target}`,
      )
  }
  for (const [index, [end, target]] of ends.entries()) {
    const left = ends.length - index
    const dice = left > 1 ? ` -m statistic --mode random --probability ${chance(left)}` : ''
    add(chain, `${comment(`${name} -> ${end}`)}${dice} -j ${target}`)
    add(target, `-s ${end.split(':')[0]}/32 ${comment(name)} -j KUBE-MARK-MASQ`)
    const recent = sticky ? ` -m recent --set --name ${target} --mask 255.255.255.255 --rsource` : ''
    add(target, `-p tcp ${comment(name)}${recent} -m tcp -j DNAT --to-destination ${end}`)
  }
  if (!port.nodePort) return
  const outside = `KUBE-EXT-${id}`
  add('KUBE-NODEPORTS', `-p tcp ${comment(name)} -m tcp --dport ${port.nodePort} -j ${outside}`)
  if (service.spec.externalTrafficPolicy !== 'Local') {
    add(outside, `${comment(`masquerade traffic for ${name} external destinations`)} -j KUBE-MARK-MASQ`)
    add(outside, `-j ${chain}`)
  } else add(outside, `-s ${pods} ${comment(`pod traffic for ${name} external destinations`)} -j ${chain}`)
}

function writeFilter({ chains, rules }: Table, services: PortRules[]): void {
  for (const name of [
    'KUBE-EXTERNAL-SERVICES',
    'KUBE-FIREWALL',
    'KUBE-FORWARD',
    'KUBE-NODEPORTS',
    'KUBE-PROXY-FIREWALL',
    'KUBE-SERVICES',
  ])
    chains.set(name, '-')
  const fresh = '-m conntrack --ctstate NEW'
  rules.push(
    `-A INPUT ${comment('kubernetes health check service ports')} -j KUBE-NODEPORTS`,
    `-A INPUT ${fresh} ${comment('kubernetes externally-visible service portals')} -j KUBE-EXTERNAL-SERVICES`,
    '-A INPUT -j KUBE-FIREWALL',
    `-A FORWARD ${comment('kubernetes forwarding rules')} -j KUBE-FORWARD`,
    `-A FORWARD ${fresh} ${PORTALS} -j KUBE-SERVICES`,
    `-A OUTPUT ${fresh} ${PORTALS} -j KUBE-SERVICES`,
    '-A OUTPUT -j KUBE-FIREWALL',
    `-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 ${comment('block incoming localnet connections')} -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP`,
    '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
    `-A KUBE-FORWARD ${comment('kubernetes forwarding rules')} -m mark --mark 0x4000/0x4000 -j ACCEPT`,
    `-A KUBE-FORWARD ${comment('kubernetes forwarding conntrack rule')} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
  )
  for (const each of services) {
    if (each.backends.length > 0) continue
    const { service, port } = each
    rules.push(
      `-A KUBE-SERVICES -d ${service.spec.clusterIP}/32 -p tcp ${comment(`${nameOf(each)} has no endpoints`)} -m tcp --dport ${port.port} -j REJECT --reject-with icmp-port-unreachable`,
    )
  }
}

const WEEK = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** As C's `ctime` writes it. */
function ctime(ms: number): string {
  const time = new Date(ms)
  const clock = time.toISOString().slice(11, 19)
  return `${WEEK[time.getUTCDay()]} ${MONTHS[time.getUTCMonth()]} ${String(time.getUTCDate()).padStart(2)} ${clock} ${time.getUTCFullYear()}`
}

const after = (words: string[], ...names: string[]): string | undefined => {
  const at = words.findIndex((word) => names.includes(word))
  return at === -1 ? undefined : words[at + 1]
}

/** `iptables-save`, and `iptables -S` with a table and a chain: what kube-proxy has written. */
export const iptables =
  (machines: Machines): Program =>
  async (process) => {
    const words = process.argv.slice(1)
    const tables = tablesOf(machines.of(process.machine))
    const chosen = after(words, '-t', '--table')
    if (chosen !== undefined && !tables[chosen]) {
      await process.complain(
        `iptables v1.8.9 (legacy): can't initialize iptables table \`${chosen}': Table does not exist (do you need to insmod?)\nPerhaps iptables or your kernel needs to be upgraded.\n`,
      )
      return 3
    }
    if (process.argv[0]!.endsWith('iptables-save')) {
      for (const [name, { chains, rules }] of Object.entries(tables)) {
        if (chosen !== undefined && chosen !== name) continue
        const now = ctime(process.machine.clock.now())
        const heads = [...chains].map(([chain, policy]) => `:${chain} ${policy} [0:0]`)
        await process.print(
          `${[`# Generated by iptables-save v1.8.9 on ${now}`, `*${name}`, ...heads, ...rules, 'COMMIT', `# Completed on ${now}`].join('\n')}\n`,
        )
      }
      return 0
    }
    const { chains, rules } = tables[chosen ?? 'filter']!
    if (words.includes('-S') || words.includes('--list-rules')) {
      const wanted = after(words, '-S', '--list-rules')
      const chain = wanted?.startsWith('-') ? undefined : wanted
      if (chain !== undefined && !chains.has(chain)) {
        await process.complain(`iptables: No chain/target/match by that name.\n`)
        return 1
      }
      const heads = [...chains]
        .filter(([name]) => chain === undefined || name === chain)
        .map(([name, policy]) => (policy === '-' ? `-N ${name}` : `-P ${name} ${policy}`))
      const shown = rules.filter((rule) => chain === undefined || rule.startsWith(`-A ${chain} `))
      await process.print(`${[...heads, ...shown].join('\n')}\n`)
      return 0
    }
    if (words.includes('-V') || words.includes('--version')) {
      await process.print('iptables v1.8.9 (legacy)\n')
      return 0
    }
    await process.complain(
      'iptables: drydock: rules can be listed with -S or iptables-save, nothing else is simulated\n',
    )
    return 1
  }
