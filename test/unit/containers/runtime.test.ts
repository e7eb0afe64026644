import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Clock } from '#world/clock.ts'
import { appears, finish, type Lab, openLab, until } from './lab.ts'

let lab: Lab
const clock = new Clock({ now: Date.UTC(2026, 0, 1), speed: 0 })
beforeAll(async () => {
  lab = await openLab({ world: { clock } })
})
afterAll(() => lab.close())

let next = 10
const address = () => `10.0.1.${next++}`

describe('nginx', () => {
  it('starts as the official image does and serves its page', async () => {
    const web = await lab.container('nginx:1.29', { address: address() })
    const process = await web.start()
    const out = appears(process.stdout, 'ready for start up')
    await appears(process.stderr, 'start worker processes')
    expect(await out).toContain(
      '/docker-entrypoint.sh: Launching /docker-entrypoint.d/20-envsubst-on-templates.sh',
    )
    const log = appears(process.stdout, 'GET / ')
    const { stdout } = await finish(await web.exec({ command: ['curl', '-si', 'localhost'] }))
    expect(stdout).toMatch(
      /^HTTP\/1\.1 200 OK\r\nServer: nginx\/1\.29\.3\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text\/html\r\nContent-Length: \d+\r\nLast-Modified: /,
    )
    expect(stdout).toContain('Welcome to nginx!')
    expect(await log).toMatch(
      /^10\.0\.1\.\d+ - - \[01\/Jan\/2026:00:00:00 \+0000\] "GET \/ HTTP\/1\.1" 200 \d+ "-" "curl\/8\.14\.1" "-"\n$/,
    )
    const missing = await finish(
      await web.exec({ command: ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', 'localhost/x'] }),
    )
    expect(missing.stdout).toBe('404')
    process.kill('SIGTERM')
    expect(await process.exited).toEqual({ exitCode: 0 })
    expect(() => lab.network.connect({ address: web.spec.address, port: 80 })).toThrow('EHOSTUNREACH')
  })

  it('obeys its configuration from a mount, and shows a changed file at once', async () => {
    const files = new Map([
      [
        'default.conf',
        {
          content: Buffer.from(
            'server { listen 8080; location /api { return 200 "api $host\\n"; } location / { root /data; try_files $uri =404; add_header X-Own yes; } }',
          ),
        },
      ],
    ])
    const data = new Map([['a.txt', { content: Buffer.from('one') }]])
    const web = await lab.container('nginx:alpine', {
      address: address(),
      mounts: [
        { path: '/etc/nginx/conf.d', files },
        { path: '/data', files: data, readOnly: true },
      ],
    })
    const process = await web.start()
    await appears(process.stderr, 'start worker processes')
    const get = async (path: string) =>
      (await finish(await web.exec({ command: ['curl', '-s', `localhost:8080${path}`] }))).stdout
    expect(await get('/api/x')).toBe('api localhost\n')
    expect(await get('/a.txt')).toBe('one')
    data.set('a.txt', { content: Buffer.from('two') })
    expect(await get('/a.txt')).toBe('two')
    expect(await get('/b.txt')).toContain('404 Not Found')
    const write = await finish(await web.exec({ command: ['sh', '-c', 'echo x > /data/new'] }))
    expect(write.stderr).toContain('Read-only file system')
    process.kill('SIGQUIT')
    await process.exited
  })

  it('does not start on a root file system that is read-only, but with its folders mounted', async () => {
    const start = async (mounts: { path: string; files: Map<string, never> }[]) => {
      const container = await lab.container('nginx:alpine', {
        address: address(),
        readOnlyRoot: true,
        mounts,
      })
      return { container, process: await container.start() }
    }
    expect(await finish((await start([])).process)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(
        'nginx: [emerg] mkdir() "/var/cache/nginx/client_temp" failed (30: Read-only file system)',
      ),
    })
    const { container, process } = await start(
      ['/var/cache/nginx', '/run'].map((path) => ({ path, files: new Map<string, never>() })),
    )
    await appears(process.stderr, 'start worker processes')
    const change =
      'touch /x; mkdir /y; rm /etc/passwd; echo z > /etc/z; echo out > /dev/null; echo kept > /run/k'
    expect((await finish(await container.exec({ command: ['sh', '-c', change] }))).stderr).toBe(
      [
        "touch: cannot touch '/x'",
        "mkdir: cannot create directory '/y'",
        "rm: cannot remove '/etc/passwd'",
        "sh: can't create /etc/z",
      ]
        .map((text) => `${text}: Read-only file system\n`)
        .join(''),
    )
    process.kill('SIGQUIT')
    await process.exited
  })

  it('refuses a wrong configuration with nginx’s words', async () => {
    const files = new Map([
      ['default.conf', { content: Buffer.from('server {\n  listen 80;\n  lisen 81;\n}\n') }],
    ])
    const web = await lab.container('nginx:latest', {
      address: address(),
      mounts: [{ path: '/etc/nginx/conf.d', files }],
    })
    const { stderr, exitCode } = await finish(await web.start())
    expect(exitCode).toBe(1)
    expect(stderr).toContain('nginx: [emerg] unknown directive "lisen" in /etc/nginx/conf.d/default.conf:3')
  })
})

describe('processes', () => {
  it('sleeps on the world’s clock', async () => {
    const box = await lab.container('busybox:latest', {
      command: ['sh', '-c', 'echo a; sleep 3600; date +%H:%M'],
    })
    const process = await box.start()
    await appears(process.stdout, 'a\n')
    const done = finish(process)
    // The world has timers of its own: that one is due says nothing. The process waits once another has run beside it.
    await until(() => [...box.machine.processes.values()].some(({ argv }) => argv[0] === 'sleep'))
    await finish(await box.exec({ command: ['true'] }))
    clock.jumpTo(clock.now() + 3600_000)
    expect((await done).stdout).toContain('01:00')
  })

  it('ignores SIGTERM as process 1 without a handler, and dies of SIGKILL', async () => {
    const box = await lab.container('busybox:latest', { command: ['sleep', '100'] })
    const process = await box.start()
    process.kill('SIGTERM')
    const other = await box.exec({ command: ['ps'] })
    expect((await finish(other)).stdout).toContain('sleep 100')
    process.kill('SIGKILL')
    expect(await process.exited).toEqual({ exitCode: 137, signal: 'SIGKILL' })
  })

  it('runs a trap during wait', async () => {
    const box = await lab.container('busybox:latest', {
      command: ['sh', '-c', 'trap "echo stopping; exit 7" TERM; sleep 1000 & echo up; wait'],
    })
    const process = await box.start()
    await appears(process.stdout, 'up\n')
    const done = finish(process)
    process.kill('SIGTERM')
    expect(await done).toMatchObject({ stdout: 'stopping\n', exitCode: 7 })
  })

  it('says what runc says of a missing program', async () => {
    const box = await lab.container('busybox:latest', { command: ['nosuch'] })
    await expect(box.start()).rejects.toMatchObject({
      name: 'StartError',
      exitCode: 127,
      message:
        'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "nosuch": executable file not found in $PATH: unknown',
    })
  })

  it('streams standard input', async () => {
    const box = await lab.container('busybox:latest', { command: ['cat'], stdin: true })
    const process = await box.start()
    const first = appears(process.stdout, 'one')
    process.stdin.write('one\n')
    await first
    const done = finish(process)
    process.stdin.end('two\n')
    expect(await done).toMatchObject({ stdout: 'two\n', exitCode: 0 })
  })

  it('edits lines at a terminal, interrupts, and leaves with Ctrl-D', async () => {
    const box = await lab.container('busybox:latest', { command: ['sleep', 'infinity'] })
    await box.start()
    const shell = await box.exec({ command: ['sh'], tty: true })
    await appears(shell.stdout, '/ # ')
    const echoed = appears(shell.stdout, 'abc\r\n/ # ')
    shell.stdin.write('echo abx\x7fc\r')
    await echoed
    const interrupted = appears(shell.stdout, '^C\r\n/ # ')
    shell.stdin.write('sleep 1000\r')
    await until(() => [...box.machine.processes.values()].some(({ argv }) => argv[1] === '1000'))
    shell.stdin.write('\x03')
    await interrupted
    const done = finish(shell)
    shell.stdin.write('\x04')
    expect((await done).exitCode).toBe(130)
  })

  it('resolves names and tells refused from unreachable', async () => {
    const at = address()
    lab.network.addAddress(at)
    const box = await lab.container('busybox:latest', {
      command: ['sleep', 'infinity'],
      lookup: (name) => (name === 'db' ? [at] : []),
    })
    await box.start()
    const run = async (...command: string[]) => (await finish(await box.exec({ command }))).stderr
    expect(await run('wget', '-qO-', 'http://nowhere')).toBe("wget: bad address 'nowhere'\n")
    expect(await run('wget', '-qO-', 'http://db')).toBe(
      `wget: can't connect to remote host (${at}): Connection refused\n`,
    )
    expect((await finish(await box.exec({ command: ['nslookup', 'db'] }))).stdout).toContain(`Address: ${at}`)
  })

  it('shows the full name that the search list led to', async () => {
    const box = await lab.container('busybox:latest', {
      command: ['sleep', 'infinity'],
      lookup: (name) => (name === 'api.team.svc.cluster.local' ? ['10.100.0.7'] : []),
    })
    await box.start()
    const text =
      'search default.svc.cluster.local svc.cluster.local\nnameserver 10.100.0.10\noptions ndots:5\n'
    await box.files.write('/etc/resolv.conf', Buffer.from(text))
    const { stdout } = await finish(await box.exec({ command: ['nslookup', 'api.team'] }))
    expect(stdout).toContain('Name:\tapi.team.svc.cluster.local\nAddress: 10.100.0.7\n')
  })

  it('makes tar archives whose names are never absolute', async () => {
    const box = await lab.container('busybox:latest', { command: ['sleep', 'infinity'] })
    await box.start()
    const script =
      'mkdir -p /data/in; echo hi >/data/in/a; tar cf - /data | tar tf -; tar cf /t.tar -C /data in; tar tf /t.tar'
    expect(await finish(await box.exec({ command: ['sh', '-c', script] }))).toMatchObject({
      stdout: 'data/\ndata/in/\ndata/in/a\nin/\nin/a\n',
      stderr: "tar: removing leading '/' from member names\n",
    })
  })

  it.each([
    ['grep', 'root', '/etc/group'],
    ['sed', '-n', '1p', '/etc/group'],
    ['awk', '-F', ':', '{ print }', '/etc/group'],
    ['head', '-n', '1', '/etc/group'],
    ['grep', '-e', 'root', '/none'],
  ])('does not wait for an open standard input in %s %s %s %s', async (...command: string[]) => {
    const box = await lab.container('busybox:latest', { command: ['sleep', 'infinity'] })
    await box.start()
    const { exitCode } = await finish(await box.exec({ command }))
    expect(exitCode).toBe(command.includes('/none') ? 2 : 0)
  })

  it('tells the size of a terminal', async () => {
    const box = await lab.container('busybox:latest', { command: ['sleep', 'infinity'] })
    await box.start()
    const shell = await box.exec({ command: ['sh', '-c', 'read go; stty size'], tty: true })
    shell.resize(120, 40)
    shell.stdin.write('\n')
    expect((await finish(shell)).stdout).toContain('40 120')
    expect((await finish(await box.exec({ command: ['stty'] }))).stderr).toContain('Not a tty')
  })

  it('keeps containers of one image apart', async () => {
    const [a, b] = [
      await lab.container('busybox:latest', { command: ['sleep', '1'] }),
      await lab.container('busybox:latest', { command: ['sleep', '1'] }),
    ]
    await a.files.write('/etc/passwd', Buffer.from('changed'))
    expect(Buffer.from(await b.files.read('/etc/passwd')).toString()).toContain('root:x:0:0')
    await expect(b.files.read('/none')).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await a.files.stat('/bin/sh')).toMatchObject({ type: 'symlink' })
  })
})
