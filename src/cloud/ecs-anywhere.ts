import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Scope } from '#aws/ec2/index.ts'
import { registerExternal } from '#aws/ecs/index.ts'
import { activations } from '#aws/ssm/index.ts'
import { AwsError } from '#aws/wire/service.ts'
import type { HostTable, HttpHost } from '#network/hosts.ts'
import type { World } from '#world/world.ts'

/** Where the install script of ECS Anywhere is published. */
const HOST = /^amazon-ecs-agent(?:-[a-z0-9-]+)?\.s3(?:\.[a-z0-9-]+)?\.amazonaws\.com$/
const SCRIPT = /^\/ecs-anywhere-install(?:-latest|-[\d.v-]+)?\.sh$/
const REGISTER = '/register-external-instance'
const BODY_LIMIT = 4096

/**
 * The install script as a machine outside AWS downloads it. The real one installs Docker and two agents; this one is Drydock's own: it
 * registers the machine, and the simulation runs its tasks.
 */
const INSTALL = `#!/bin/sh
# ECS Anywhere, in the edition of Drydock: registers this machine with an ECS cluster. Docker and the agents are simulated.
REGION= CLUSTER=default ACTIVATION_ID= ACTIVATION_CODE=
while [ $# -gt 0 ]; do
  case "$1" in
    --region) REGION="$2"; shift 2 ;;
    --cluster) CLUSTER="$2"; shift 2 ;;
    --activation-id) ACTIVATION_ID="$2"; shift 2 ;;
    --activation-code) ACTIVATION_CODE="$2"; shift 2 ;;
    *) shift ;;
  esac
done
fail() { echo "$1" >&2; exit 1; }
if [ -z "$REGION" ]; then fail "--region is required"; fi
if [ -z "$ACTIVATION_ID" ]; then fail "--activation-id is required"; fi
if [ -z "$ACTIVATION_CODE" ]; then fail "--activation-code is required"; fi
echo "Running ECS install script on this machine (Drydock's edition: Docker and the agents are simulated)"
echo "# Trying to register this machine with SSM activation $ACTIVATION_ID"
if ! curl -sS --fail-with-body -o /tmp/ecs-anywhere-answer -d "region=$REGION&cluster=$CLUSTER&activation-id=$ACTIVATION_ID&activation-code=$ACTIVATION_CODE&hostname=$(hostname)" "https://amazon-ecs-agent.s3.amazonaws.com${REGISTER}"; then
  cat /tmp/ecs-anywhere-answer >&2
  fail "Failed to register this machine"
fi
cat /tmp/ecs-anywhere-answer
`

/** The bucket of ECS Anywhere: its install script, and where that registers a machine. */
export class EcsAnywhere implements HostTable {
  readonly #world: World
  readonly #accountIds: string[]
  readonly #host: HttpHost = { kind: 'http', request: (req, res) => void this.#answer(req, res) }

  constructor(world: World, accountIds: string[]) {
    this.#world = world
    this.#accountIds = accountIds
  }

  resolve(host: string, port: number): HttpHost | undefined {
    return (port === 443 || port === 80) && HOST.test(host) ? this.#host : undefined
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = (req.url ?? '/').split('?')[0]!
    const send = (status: number, body: string) => {
      res.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(body) })
      res.end(body)
    }
    if (req.method === 'GET' && SCRIPT.test(path)) return send(200, INSTALL)
    if (req.method !== 'POST' || path !== REGISTER) return send(404, 'NoSuchKey\n')
    const form = new URLSearchParams(await read(req))
    const value = (name: string) => form.get(name) ?? ''
    try {
      const scopes = this.#accountIds.map((accountId): Scope => {
        return { world: this.#world, accountId, region: value('region') }
      })
      const scope = scopes.find((one) => activations.find(one, value('activation-id'))) ?? scopes[0]!
      const instance = registerExternal(scope, {
        activationId: value('activation-id'),
        code: value('activation-code'),
        cluster: value('cluster'),
        hostname: value('hostname') || 'localhost',
      })
      await this.#world.store.flushed()
      send(
        200,
        `# SSM: registered as ${instance.machineId}\n# ECS: registered as ${instance.arn}\n# This machine has the address ${instance.address}\n`,
      )
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      send(400, `${error.code}: ${error.message}\n`)
    }
  }
}

async function read(req: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of req) {
    text += chunk
    if (text.length > BODY_LIMIT) break
  }
  return text
}
