import type { Program } from '#containers/processes/process.ts'
import { EtcdError, readCommandLine, runCommand } from '../etcd/commands.ts'
import type { Machines } from '../machines.ts'
import { Client } from './client.ts'
import { defrag, endpointHash, endpointHealth, endpointStatus } from './endpoints.ts'
import { compaction, del, get, put } from './keys.ts'
import { memberAdd, memberList, memberPromote, memberRemove, memberUpdate } from './members.ts'
import { snapshotSave } from './snapshot.ts'

// etcdctl 3.6 against the etcds of the world. Source: etcdctl/ctlv3/command of etcd-io/etcd, read 2026-11 in older versions; what 3.6 added is from knowledge.

const KNOWN = new Set([
  'cacert',
  'cert',
  'command-timeout',
  'consistency',
  'dial-timeout',
  'discovery-srv',
  'endpoints',
  'from-rev',
  'initial-cluster',
  'keepalive-time',
  'keepalive-timeout',
  'key',
  'limit',
  'order',
  'password',
  'peer-urls',
  'rev',
  'sort-by',
  'user',
  'write-out',
])
const BARE = new Set([
  'cluster',
  'count-only',
  'debug',
  'from-key',
  'help',
  'hex',
  'insecure-skip-tls-verify',
  'insecure-transport',
  'keys-only',
  'learner',
  'prefix',
  'prev-kv',
  'print-value-only',
])
const REFUSED = ['auth', 'check', 'elect', 'lease', 'lock', 'make-mirror', 'role', 'txn', 'user', 'watch']

const HELP = `NAME:
	etcdctl - A simple command line client for etcd3.

USAGE:
	etcdctl [flags]

COMMANDS:
	alarm disarm		Disarms all alarms
	alarm list		Lists all alarms
	compaction		Compacts the event history in etcd
	defrag			Defragments the storage of the etcd members with given endpoints
	del			Removes the specified key or range of keys [key, range_end)
	endpoint hashkv		Prints the KV history hash for each endpoint in --endpoints
	endpoint health		Checks the healthiness of endpoints specified in \`--endpoints\` flag
	endpoint status		Prints out the status of endpoints specified in \`--endpoints\` flag
	get			Gets the key or a range of keys
	help			Help about any command
	member add		Adds a member into the cluster
	member list		Lists all members in the cluster
	member promote		Promotes a non-voting member in the cluster
	member remove		Removes a member from the cluster
	member update		Updates a member in the cluster
	move-leader		Transfers leadership to another etcd cluster member.
	put			Puts the given key into the store
	snapshot save		Stores an etcd node backend snapshot to a given file
	version			Prints the version of etcdctl
`

/** Commands that have others under them, and what they are for. */
const GROUPS: Record<string, string> = {
  alarm: 'Alarm related command',
  endpoint: 'Endpoint related commands',
  member: 'Membership related commands',
  snapshot: 'Manages etcd node snapshots',
}

/** The help of a command that has others under it. Models pkg/cobrautl/help.go. */
function helpOf(group: string): string {
  const lines = HELP.split('\n').filter((line) => line.startsWith(`\t${group} `))
  const own = lines.map((line) => line.replace(`\t${group} `, '\t').replace(/\t\t+/, '\t'))
  return `NAME:\n\t${group} - ${GROUPS[group]}\n\nUSAGE:\n\tetcdctl ${group} <subcommand> [flags]\n\nCOMMANDS:\n${own.join('\n')}\n\nOPTIONS:\n  -h, --help[=false]\thelp for ${group}\n`
}

type Command = (client: Client, args: string[]) => Promise<void | number>

const COMMANDS: Record<string, Command> = {
  get,
  put,
  del,
  version: async (client) => client.print('etcdctl version: 3.6.6\nAPI version: 3.6\n'),
  'member list': memberList,
  'member add': memberAdd,
  'member remove': memberRemove,
  'member promote': memberPromote,
  'member update': memberUpdate,
  'endpoint health': endpointHealth,
  'endpoint status': endpointStatus,
  'endpoint hashkv': endpointHash,
  'snapshot save': snapshotSave,
  'alarm list': async (client) => void (await client.agreed()),
  'alarm disarm': async (client) => void (await client.agreed()),
  compaction,
  defrag,
  'move-leader': async () => {
    throw new EtcdError('drydock: move-leader is not simulated')
  },
}

const commandNamed = (name: string) => (Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined)

/** What `--write-out` may ask of a command beside `simple`. */
const FORMS: Record<string, string[]> = {
  get: ['json', 'fields'],
  put: ['json'],
  del: ['json'],
  'member list': ['json', 'table'],
  'endpoint health': ['json', 'table'],
  'endpoint status': ['json', 'table'],
  'endpoint hashkv': ['json', 'table'],
}

/** `etcdctl` in a container of an etcd. */
export const etcdctl =
  (machines: Machines): Program =>
  (process) =>
    runCommand(process, async () => {
      const line = readCommandLine(process, KNOWN, BARE)
      const [first = 'help', second = ''] = line.words
      if (first === 'help' || line.flags.has('help')) return process.print(HELP)
      if (REFUSED.includes(first)) throw new EtcdError(`drydock: etcdctl ${first} is not simulated`)
      const pair = commandNamed(`${first} ${second}`)
      const command = pair ?? commandNamed(first)
      if (!command) {
        // `snapshot status` and `snapshot restore` are etcdutl's since 3.6.
        if (Object.hasOwn(GROUPS, first)) {
          await process.print(helpOf(first))
          return 0
        }
        throw new EtcdError(
          `unknown command ${JSON.stringify(first)} for "etcdctl"\nRun 'etcdctl --help' for usage.`,
        )
      }
      const name = pair ? `${first} ${second}` : first
      const form = line.flags.get('write-out') ?? 'simple'
      if (form !== 'simple' && !FORMS[name]?.includes(form))
        throw new EtcdError(`drydock: --write-out=${form} of ${name} is not simulated`)
      return command(new Client(process, machines, line), line.words.slice(pair ? 2 : 1))
    })
