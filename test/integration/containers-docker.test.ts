import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, openLab, REGISTRY } from '../unit/containers/lab.ts'

const FALLBACK = [process.execPath, new URL('../../src/containers/cli/main.ts', import.meta.url).pathname]

function realDocker(): string[] | undefined {
  try {
    execFileSync('docker', ['--version'])
    return ['docker']
  } catch {
    console.warn('no docker client on PATH: its tests are skipped')
    return undefined
  }
}

const CLIENTS: [name: string, command: string[] | undefined][] = [
  ['docker', realDocker()],
  ["drydock's own docker", FALLBACK],
]

describe.each(CLIENTS)('%s', (_name, command) => {
  let lab: Lab
  let server: Server
  let folder: string
  let env: Record<string, string>

  beforeAll(async () => {
    lab = await openLab()
    folder = await mkdtemp(join(tmpdir(), 'drydock-docker-'))
    const socket = join(folder, 'docker.sock')
    server = createServer((req, res) => lab.engine.request(req, res))
    server.on('upgrade', (req, stream, head) => lab.engine.upgrade(req, stream, head))
    server.listen(socket)
    await once(server, 'listening')
    env = {
      PATH: process.env.PATH!,
      HOME: folder,
      DOCKER_HOST: `unix://${socket}`,
      DOCKER_BUILDKIT: '0',
      DOCKER_CONFIG: join(folder, '.docker'),
    }
    await mkdir(join(folder, 'site'))
    await writeFile(join(folder, 'site', 'index.html'), '<h1>from the image</h1>\n')
    await writeFile(join(folder, 'site', 'secret.key'), 'do not ship')
    await writeFile(join(folder, 'site', '.dockerignore'), '*.key\n')
    await writeFile(join(folder, 'site', 'Dockerfile'), 'FROM nginx:1.29\nCOPY . /usr/share/nginx/html/\n')
  })
  afterAll(async () => {
    server?.closeAllConnections()
    server?.close()
    await lab?.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  function docker(args: string[], input = ''): Promise<{ stdout: string; stderr: string; code: number }> {
    const [file, ...first] = command!
    return new Promise((resolve) => {
      const child = execFile(
        file!,
        [...first, ...args],
        { env, cwd: folder, timeout: 30_000 },
        (error, stdout, stderr) => {
          resolve({ stdout, stderr, code: error ? Number(error.code ?? 1) : 0 })
        },
      )
      child.stdin?.end(input)
    })
  }

  const lines = (text: string) => text.trim().split('\n')

  it.skipIf(!command)('shows both versions', async () => {
    const { stdout } = await docker(['version'])
    expect(stdout).toContain('Server: Docker Engine - Community')
    expect(stdout).toContain('API version:      1.50 (minimum version 1.24)')
  })

  it.skipIf(!command)('builds, and leaves out what .dockerignore names', async () => {
    const { stdout, code } = await docker(['build', '-t', 'site', 'site'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Sending build context to Docker daemon\s+[\d.]+kB/m)
    expect(lines(stdout)).toEqual(
      expect.arrayContaining([
        'Step 1/2 : FROM nginx:1.29',
        'Step 2/2 : COPY . /usr/share/nginx/html/',
        'Successfully tagged site:latest',
      ]),
    )
    const { stdout: list } = await docker(['run', '--rm', 'site', 'ls', '/usr/share/nginx/html'])
    expect(lines(list)).toEqual(['50x.html', 'Dockerfile', 'index.html'])
    const { stdout: table } = await docker(['images'])
    expect(lines(table)[0]).toMatch(/^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/)
    expect(table).toMatch(/^site +latest +[0-9a-f]{12} /m)
  })

  it.skipIf(!command)('logs in by standard input and keeps the credentials', async () => {
    const wrong = await docker(['login', '-u', 'AWS', '--password-stdin', REGISTRY], 'no\n')
    expect([wrong.code, wrong.stderr.trim()]).toEqual([
      1,
      `Error response from daemon: login attempt to https://${REGISTRY}/v2/ failed with status: 401 Unauthorized`,
    ])
    await docker(['tag', 'site', `${REGISTRY}/web:v1`])
    const early = await docker(['push', `${REGISTRY}/web:v1`])
    expect([early.code, early.stderr.trim()]).toEqual([1, 'no basic auth credentials'])
    const { stdout } = await docker(['login', '-u', 'AWS', '--password-stdin', REGISTRY], 'token\n')
    expect(stdout).toContain('Login Succeeded')
    const config = JSON.parse(await readFile(join(folder, '.docker', 'config.json'), 'utf8'))
    expect(Buffer.from(config.auths[REGISTRY].auth, 'base64').toString()).toBe('AWS:token')
  })

  it.skipIf(!command)('pushes, removes and pulls the image back by its digest', async () => {
    const { stdout } = await docker(['push', `${REGISTRY}/web:v1`])
    const digest = /^v1: digest: (sha256:[0-9a-f]{64}) size: \d+$/m.exec(stdout)?.[1]
    expect(digest).toBeDefined()
    expect(stdout).toContain(`The push refers to repository [${REGISTRY}/web]`)
    const [{ RootFS }] = JSON.parse((await docker(['image', 'inspect', 'site'])).stdout)
    expect([...stdout.matchAll(/^([0-9a-f]{12}): Preparing/gm)].map(([, id]) => id)).toEqual(
      RootFS.Layers.map((id: string) => id.slice(7, 19)).reverse(),
    )
    expect((await docker(['push', `${REGISTRY}/web:v1`])).stdout).toContain('Layer already exists')
    expect((await docker(['rmi', 'site', `${REGISTRY}/web:v1`])).stdout).toMatch(
      /^Untagged: site:latest\nUntagged: .*\nUntagged: .*@sha256:.*\nDeleted: sha256:/,
    )
    const pulled = await docker(['pull', `${REGISTRY}/web@${digest}`])
    expect(lines(pulled.stdout).at(-1)).toBe(`${REGISTRY}/web@${digest}`)
    await docker(['tag', `${REGISTRY}/web@${digest}`, 'site'])
  })

  it.skipIf(!command)('runs, looks into and stops a web server', async () => {
    const started = await docker(['run', '-d', '--name', 'web', '-p', '8080:80', 'site'])
    expect(started.stdout).toMatch(/^[0-9a-f]{64}\n$/)
    expect((await docker(['ps'])).stdout).toMatch(
      /^[0-9a-f]{12} +site +"\/docker-entrypoint\.…" .* Up .* 0\.0\.0\.0:8080->80\/tcp, \[::\]:8080->80\/tcp +web$/m,
    )
    // The server listens when its entry point is done.
    const ask = 'until curl -s localhost; do sleep 0.05; done'
    expect((await docker(['exec', 'web', 'sh', '-c', ask])).stdout).toBe('<h1>from the image</h1>\n')
    expect((await docker(['logs', 'web'])).stdout).toContain('"GET / HTTP/1.1" 200')
    expect((await docker(['exec', 'web', 'sh', '-c', 'exit 4'])).code).toBe(4)
    expect((await docker(['inspect', '-f', '{{.State.Status}} {{.Config.StopSignal}}', 'web'])).stdout).toBe(
      'running SIGQUIT\n',
    )
    expect((await docker(['rm', 'web'])).stderr.trim()).toBe(
      'Error response from daemon: cannot remove container "/web": container is running: stop the container before removing or force remove',
    )
    expect((await docker(['stop', 'web'])).stdout).toBe('web\n')
    expect((await docker(['ps', '-a'])).stdout).toContain('Exited (0)')
    expect((await docker(['rm', 'web'])).stdout).toBe('web\n')
  })

  it.skipIf(!command)('passes streams and exit codes of a foreground container', async () => {
    expect(
      await docker(['run', '--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7']),
    ).toMatchObject({
      stdout: expect.stringContaining('out\n'),
      stderr: expect.stringContaining('err\n'),
      code: 7,
    })
    expect((await docker(['run', '-i', '--rm', 'busybox', 'cat'], 'through\n')).stdout).toBe('through\n')
    expect(
      (await docker(['run', '--rm', '-e', 'A=1', '-w', '/tmp', 'busybox', 'sh', '-c', 'echo $A; pwd']))
        .stdout,
    ).toBe('1\n/tmp\n')
    const missing = await docker(['run', '--rm', 'busybox', 'nosuch'])
    expect(missing.code).toBe(127)
    expect(missing.stderr).toContain('exec: "nosuch": executable file not found in $PATH: unknown')
  })

  it.skipIf(!command).each([
    [
      ['pull', 'acme/none'],
      "Error response from daemon: pull access denied for acme/none, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    ],
    [
      ['pull', 'nginx:none'],
      'Error response from daemon: manifest for nginx:none not found: manifest unknown: manifest unknown',
    ],
    [['push', `${REGISTRY}/absent`], `An image does not exist locally with the tag: ${REGISTRY}/absent`],
    [['rmi', 'none'], 'Error response from daemon: No such image: none:latest'],
    [['logs', 'none'], 'Error response from daemon: No such container: none'],
    [['tag', 'none', 'x'], 'Error response from daemon: No such image: none:latest'],
  ])('%j says why', async (args, message) => {
    const { stderr, code } = await docker(args)
    expect([stderr.trim(), code]).toEqual([message, 1])
  })
})
