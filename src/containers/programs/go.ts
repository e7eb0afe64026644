import { programFile } from '../catalogue/program-file.ts'
import { resolvePath } from '../files/tree.ts'
import type { Process, Program } from '../processes/process.ts'

/** The mark of what `go build` makes: an executable that nothing here can run. */
const BUILT = 'go-executable'

/**
 * `go`, as Dockerfiles use it: `build` makes an executable without code, so that what is copied and measured is right; what is
 * started of it says that it cannot run.
 */
export const go =
  (version: string): Program =>
  async (process) => {
    const [, command = '', ...words] = process.argv
    switch (command) {
      case 'version':
        await process.print(`go version go${version} linux/${architecture(process)}\n`)
        return 0
      case 'env':
        return environment(process, words, version)
      case 'mod':
        return modules(process, words, version)
      case 'build':
      case 'install':
        return build(process, command, words)
      case 'vet':
      case 'fmt':
      case 'get':
        return 0
      case '':
      case 'help':
        await process.complain(
          'Go is a tool for managing Go source code.\n\nUsage:\n\n\tgo <command> [arguments]\n',
        )
        return command === '' ? 2 : 0
      default:
        await process.complain(
          `drydock: go ${command} is not simulated: there is no Go compiler here, so Go code does not run\n`,
        )
        return 1
    }
  }

const architecture = ({ machine }: Process) => (machine.architecture === 'aarch64' ? 'arm64' : 'amd64')

async function environment(process: Process, words: string[], version: string): Promise<number> {
  const values: Record<string, string> = {
    GOARCH: architecture(process),
    GOOS: 'linux',
    GOPATH: process.env.get('GOPATH') ?? '/go',
    GOROOT: '/usr/local/go',
    GOVERSION: `go${version}`,
    CGO_ENABLED: process.env.get('CGO_ENABLED') ?? '1',
  }
  const wanted = words.filter((word) => !word.startsWith('-'))
  await process.print(
    wanted.length > 0
      ? `${wanted.map((name) => values[name] ?? process.env.get(name) ?? '').join('\n')}\n`
      : Object.entries(values)
          .map(([name, value]) => `${name}='${value}'\n`)
          .join(''),
  )
  return 0
}

async function modules(process: Process, [action, name = '']: string[], version: string): Promise<number> {
  const { files } = process.machine
  const path = resolvePath(process.cwd, 'go.mod')
  if (action === 'init') {
    if (files.exists(path)) {
      await process.complain(`go: ${path} already exists\n`)
      return 1
    }
    files.writeSync(path, Buffer.from(`module ${name}\n\ngo ${version}\n`))
    await process.complain(`go: creating new go.mod: module ${name}\n`)
    return 0
  }
  if (files.exists(path)) return 0
  await process.complain(
    "go: go.mod file not found in current directory or any parent directory; see 'go help modules'\n",
  )
  return 1
}

async function build(process: Process, command: string, words: string[]): Promise<number> {
  const { files } = process.machine
  const option = (name: string) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined)
  const withValue = ['-o', '-ldflags', '-tags', '-p', '-mod', '-gcflags', '-asmflags']
  const packages = words.filter(
    (word, index) => !word.startsWith('-') && !withValue.includes(words[index - 1] ?? ''),
  )
  const [wanted = '.'] = packages
  const source = resolvePath(process.cwd, wanted.replace(/\/\.\.\.$/, ''))
  const found = wanted.endsWith('.go')
    ? files.exists(source)
    : files.exists(source) && files.listSync(source).some((name) => name.endsWith('.go'))
  if (!found) {
    await process.complain(
      wanted.endsWith('.go')
        ? `no required module provides package ${wanted}; to add it:\n\tgo get ${wanted}\n`
        : `no Go files in ${source}\n`,
    )
    return 1
  }
  if (!wanted.endsWith('.go') && !files.exists(resolvePath(process.cwd, 'go.mod'))) {
    await process.complain(
      "go: go.mod file not found in current directory or any parent directory; see 'go help modules'\n",
    )
    return 1
  }
  const name = wanted.endsWith('.go')
    ? wanted.slice(wanted.lastIndexOf('/') + 1, -3)
    : source.slice(source.lastIndexOf('/') + 1) || 'main'
  const output = command === 'install' ? `/go/bin/${name}` : (option('-o') ?? name)
  const path = resolvePath(process.cwd, output)
  const target = files.find(path)?.kind === 'directory' ? `${path}/${name}` : path
  files.makeFolder(resolvePath(target, '..'), { recursive: true })
  files.putNode(target, programFile(BUILT, '1'))
  return 0
}

/** What `go build` has made. */
export const goExecutable: Program = async (process) => {
  await process.complain(
    `drydock: ${process.argv[0]} was built from Go code, which the simulation cannot run: there is no Go compiler here. Its image is real, and starts on a real engine.\n`,
  )
  return 126
}
