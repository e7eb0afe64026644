import type { WorldInfo } from '#cloud/api.ts'
import { worldEnvironment } from '#workspace/environment.ts'
import type { Toolbox } from '#workspace/tools/install.ts'

/** `export` lines that make any POSIX shell a lab shell of the world; its PATH keeps what it had, behind the tools. */
export function environmentFile(world: WorldInfo, toolbox: Toolbox): string {
  const variables = {
    ...worldEnvironment(world),
    AWS_ACCESS_KEY_ID: world.administrator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: world.administrator.secretAccessKey,
    AWS_DEFAULT_REGION: world.region,
    AWS_REGION: world.region,
    // The account on Docker Hub, for `docker login`; no tool reads these by itself.
    DOCKER_HUB_USERNAME: world.dockerHub.username,
    DOCKER_HUB_PASSWORD: world.dockerHub.password,
  }
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`)
  return `${lines.join('\n')}\nexport PATH=${quote(toolbox.bin)}:"$PATH"\n`
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
