import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, type FileHandle, glob, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assertBubblewrap } from '../../src/workspace/sandbox/bubblewrap.ts'
import { seccompFilter } from '../../src/workspace/sandbox/seccomp.ts'
import { SandboxedWorkspace } from '../../src/workspace/sandbox/workspace.ts'
import { installTools, type Toolbox } from '../../src/workspace/tools/install.ts'
import { attach, type TestAttachment } from '../support/terminal.ts'

const isolates = await assertBubblewrap().then(
  () => true,
  () => false,
)

/** `bubblewrap` of Debian; `.ci/run` installs it. */
describe.skipIf(!isolates)('a sandboxed terminal', () => {
  let folder: string
  let workspace: SandboxedWorkspace
  let toolbox: Toolbox
  let proxy: Server
  let other: Server
  const opened: TestAttachment[] = []

  const port = (server: Server) => (server.address() as AddressInfo).port
  const home = (name: string) => join(folder, 'workspaces', name, 'home')

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drydock-sandbox-'))
    toolbox = await installTools({ machinePath: '' })
    proxy = createServer((_request, response) => response.end('the proxy answers')).listen(0, '127.0.0.1')
    other = createServer((_request, response) => response.end('something else')).listen(0, '127.0.0.1')
    await Promise.all([once(proxy, 'listening'), once(other, 'listening')])
    await writeFile(join(folder, 'ca.crt'), 'a certificate')
    await writeFile(join(folder, 'secret-of-the-server'), 'hunter2', { mode: 0o644 })
    await mkdir(join(folder, 'sockets/world-a'), { recursive: true })
    const docker = createTcpServer((socket) => socket.end('docker answers')).listen(
      join(folder, 'sockets/world-a/docker.sock'),
    )
    docker.unref()
    for (const name of ['a', 'b']) await mkdir(home(name), { recursive: true })
    await writeFile(join(home('b'), 'notes'), 'of b')
    await chmod(home('b'), 0o755)
    workspace = await SandboxedWorkspace.open({
      folder: join(folder, 'pty-host'),
      limits: {
        processes: 64,
        memory: 300 * 1024 * 1024,
        processMemory: 2048 * 1024 * 1024,
        fileSize: 1024 * 1024,
      },
    })
  }, 60_000)

  afterAll(async () => {
    for (const page of opened) page.socket.destroy()
    await workspace?.stop()
    proxy?.close()
    other?.close()
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  })

  async function shell(name = 'a'): Promise<TestAttachment> {
    const id = await workspace.open({
      home: home(name),
      environment: { PATH: `${toolbox.bin}:/usr/bin:/bin`, HOME: home(name), TERM: 'xterm', PS1: '$ ' },
      world: {
        proxyUrl: `http://w:s@127.0.0.1:${port(proxy)}`,
        caFile: join(folder, 'ca.crt'),
        dockerHost: `unix://${join(folder, 'sockets/world-a/docker.sock')}`,
      },
      toolbox,
    })
    const page = await attach(workspace, id, { columns: 500, rows: 50 })
    opened.push(page)
    await page.expect('$ ')
    return page
  }

  /** What a command prints, and its exit code on the last line. */
  async function output(page: TestAttachment, command: string): Promise<string> {
    page.type(`${command}; echo "exit=$?" e""nd\r`)
    const text = (await page.expect(' end\r\n')).replaceAll('\r', '')
    // Without the line that was typed.
    return text.slice(text.indexOf('\n') + 1)
  }

  it('has a home that stays, and an empty system around it', async () => {
    const page = await shell()
    expect(await output(page, 'echo mine > file; cat file; id -un; hostname; pwd')).toContain(
      `mine\nlearner\ndrydock\n${home('a')}\nexit=0`,
    )
    expect(await readFile(join(home('a'), 'file'), 'utf8')).toBe('mine\n')
    expect(await output(page, 'ls -A /root /home /srv /var 2>&1')).toMatch(
      /cannot access '\/root'[\s\S]*\/var:\nrun {2}tmp\n/,
    )
  })

  it('sees no other home, no data of the server, no labs’ solutions and no secrets of the system', async () => {
    const page = await shell()
    for (const path of [
      join(home('b'), 'notes'),
      join(folder, 'secret-of-the-server'),
      join(folder, 'pty-host'),
      '/etc/shadow',
      join(process.cwd(), 'labs'),
      join(process.cwd(), 'checkers'),
      join(process.cwd(), '.git'),
    ]) {
      expect(await output(page, `ls -d ${path}`), path).toContain('No such file')
    }
    expect(
      await output(page, 'cat /proc/1/environ | tr "\\0" "\\n" | cut -d= -f1 | sort | tr "\\n" " "'),
    ).toMatch(/HOME LOGNAME PATH PWD SHLVL TERM TERM_SESSION_ID USER exit/)
  })

  it('changes nothing outside of its home', async () => {
    const page = await shell()
    for (const path of [
      '/usr/bin/x',
      '/etc/passwd',
      '/x',
      join(process.cwd(), 'package.json'),
      toolbox.bin,
    ]) {
      expect(await output(page, `touch ${path}`), path).toMatch(/Read-only file system|Permission denied/)
    }
  })

  it('runs the tools', async () => {
    const page = await shell()
    expect(await output(page, 'kubectl version --client -o yaml | grep gitVersion')).toMatch(
      /gitVersion: v1\.\d+/,
    )
    expect(await output(page, 'aws --version')).toMatch(/aws-cli\/2/)
    expect(await output(page, 'eksctl version')).toContain('exit=0')
  })

  it('reaches its proxy and its Docker Engine, and nothing else', async () => {
    const page = await shell()
    const get = (address: string, at: number) =>
      output(
        page,
        `exec 5<>/dev/tcp/${address}/${at} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&5 && tail -1 <&5`,
      )
    expect(await get('127.0.0.1', port(proxy))).toContain('the proxy answers')
    expect(await get('127.0.0.1', port(other))).toContain('Connection refused')
    expect(await get('169.254.169.254', 80)).toContain('Network is unreachable')
    expect(await get('192.0.2.1', 80)).toContain('Network is unreachable')
    const connect = `python3 -c "" 2>/dev/null; perl -MIO::Socket::UNIX -e 'print IO::Socket::UNIX->new(Peer => "${join(folder, 'sockets/world-a/docker.sock')}")->getline'`
    expect(await output(page, connect)).toContain('docker answers')
  })

  it('shares its loopback with the other terminals of the lab, not with those of others', async () => {
    const [first, second, stranger] = [await shell(), await shell(), await shell('b')]
    first.type(
      `perl -MIO::Socket::INET -e '$| = 1; $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8080, Listen => 5, ReuseAddr => 1); print "lis" . "tening"; while ($c = $s->accept) { print $c "from the first"; close $c }'\r`,
    )
    await first.expect('listening')
    expect(await output(second, 'cat </dev/tcp/127.0.0.1/8080')).toContain('from the first')
    expect(await output(stranger, 'cat </dev/tcp/127.0.0.1/8080')).toContain('Connection refused')
    first.type('\x03')
  })

  it('is reached on its loopback by the server, for web previews; and by nobody where nothing listens', async () => {
    const page = await shell()
    page.type(
      `node -e "require('http').createServer((q, r) => r.end('from the sandbox')).listen(8099, '127.0.0.1', () => console.log('list' + 'ens'))"\r`,
    )
    await page.expect('listens')
    const get = async (name: string, at: number) => {
      const socket = await workspace.dial(home(name), at)
      socket.write('GET / HTTP/1.0\r\n\r\n')
      let text = ''
      for await (const piece of socket) text += piece
      return text
    }
    expect(await get('a', 8099)).toContain('from the sandbox')
    expect(await get('a', 8099)).toContain('from the sandbox')
    await expect(get('a', 8098)).rejects.toThrow('ECONNREFUSED')
    await expect(get('b', 8099)).rejects.toThrow()
    await expect(get('never', 8099)).rejects.toThrow('no terminal of this lab is open')
    page.type('\x03')
  })

  it('reaches its own programs by localhost, though curl asks the proxy for that too; and no others', async () => {
    const page = await shell()
    page.type(
      `node -e "require('http').createServer((q, r) => r.end(q.url + ' ' + Object.keys(q.headers))).listen(8001, '127.0.0.1', () => console.log('list' + 'ens'))" &\r`,
    )
    await page.expect('listens')
    const through = (words: string) =>
      output(page, `http_proxy=http://w:s@127.0.0.1:${port(proxy)} curl -s ${words}`)
    expect(await through('localhost:8001/api/v1?x=1')).toContain(
      '/api/v1?x=1 host,user-agent,accept,connection',
    )
    expect(await through('-p 127.0.0.1:8001/tunnel')).toContain('/tunnel host,user-agent,accept')
    expect(await through(`-d @- localhost:8001/sent <<< hello`)).toContain('/sent host,')
    // What nobody listens on here is the proxy's: the ports that containers publish, and nothing of this machine.
    expect(await through('localhost:8002/')).toContain('the proxy answers')
    expect(await through(`localhost:${port(other)}/`)).toContain('the proxy answers')
    expect(await through('somewhere.example/')).toContain('the proxy answers')
    page.type('kill %1\r')
  })

  it('gains no rights: no setuid, no namespaces, no mounts, no tracing', async () => {
    const page = await shell()
    expect(await output(page, 'grep -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/self/status')).toMatch(
      /CapEff:\s+0{16}\nNoNewPrivs:\s+1\nSeccomp:\s+2/,
    )
    expect(await output(page, 'unshare -U true')).toContain('Operation not permitted')
    expect(await output(page, 'mount -t tmpfs x /tmp')).not.toContain('exit=0')
    expect(await output(page, `perl -e 'print syscall(101, 0, 1, 0, 0) . " $!"'`)).toContain(
      'Operation not permitted',
    )
    expect(await output(page, `perl -e '$x = "x"; ioctl(STDIN, 0x5412, $x) or print "no: $!"'`)).toContain(
      'no: Operation not permitted',
    )
  })

  it('survives a fork bomb, and so does everybody else', async () => {
    const [page, neighbour] = [await shell(), await shell('b')]
    page.type(':(){ :|:& };: 2>/dev/null\r')
    expect(await output(neighbour, 'echo still-$((40+2))')).toContain('still-42')
    await workspace.end([...(await workspace.list()).keys()].at(-2)!)
  })

  it('holds no more memory, and writes no larger files, than it may', async () => {
    const page = await shell()
    expect(await output(page, `perl -e '$x = "x" x (3000 << 20); print length $x'`)).toMatch(
      /Out of memory|Killed/,
    )
    expect(await output(page, 'head -c 3M /dev/zero > big')).toMatch(/File too large|File size limit/)
    expect(await output(page, 'head -c 100M /dev/zero > /tmp/big')).toMatch(
      /No space left|File too large|File size limit/,
    )
    expect(await output(page, 'ulimit -f unlimited')).toContain('cannot modify limit')
  })

  it('starts with whole files while others start: what they read at the moment is never written to', async () => {
    await shell()
    const placed = glob('pty-host/{seccomp,sandboxes/*/*}', { cwd: folder })
    const read: FileHandle[] = []
    for await (const path of placed) read.push(await open(join(folder, path)))
    expect(read.length).toBeGreaterThan(3)
    const times = () => Promise.all(read.map(async (file) => (await file.stat()).mtimeMs))
    const before = await times()
    const pages = await Promise.all(['a', 'a', 'b', 'b'].map((name) => shell(name)))
    for (const page of pages) expect(await output(page, 'id -un')).toContain('learner')
    expect(await times()).toEqual(before)
    for (const file of read) await file.close()
  })

  it('is gone with all its programs when it is closed', async () => {
    const before = new Set((await workspace.list()).keys())
    const page = await shell()
    const id = [...(await workspace.list()).keys()].find((one) => !before.has(one))!
    page.type('setsid sleep 98761 & disown; echo st""arted\r')
    await page.expect('started')
    await workspace.end(id)
    await expect
      .poll(() => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }))
      .not.toContain('sleep 98761')
  })
})

it('has a seccomp filter for the processors that we know', () => {
  expect(seccompFilter('x64')!.length % 8).toBe(0)
  expect(seccompFilter('arm64')!.length).toBeGreaterThan(0)
  expect(seccompFilter('riscv64')).toBeUndefined()
})
