import { installTools, type Toolbox } from '../../src/workspace/tools/install.ts'

let toolbox: Promise<Toolbox> | undefined

/** The bin folder with the bundled tools (and our docker and eksctl): the same on every machine. */
export async function toolsFolder(): Promise<string> {
  toolbox ??= installTools({ machinePath: '' })
  return (await toolbox).bin
}

/** The path of a bundled tool: `aws`, `kubectl`, `helm`; `docker`, `eksctl`, `kind` and `drydock` are our own. */
export async function tool(
  name: 'aws' | 'kubectl' | 'helm' | 'docker' | 'eksctl' | 'kind' | 'drydock',
): Promise<string> {
  toolbox ??= installTools({ machinePath: '' })
  const found = (await toolbox).tools.find((candidate) => candidate.name === name)
  if (!found || found.source === 'missing') throw new Error(`${name} is not bundled for this platform`)
  return found.path
}
