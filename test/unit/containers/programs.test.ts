import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SimulatedContainer } from '#containers/processes/runtime.ts'
import { heldMiB } from '../../support/memory.ts'
import { appears, finish, type Lab, openLab } from './lab.ts'

// Programs of the catalogue's images, started as an engine or a kubelet starts them.
let lab: Lab
let address = 10
beforeAll(async () => {
  lab = await openLab()
})
afterAll(() => lab.close())

async function start(image: string, spec: Parameters<Lab['container']>[1] = {}) {
  const container = await lab.container(image, { address: `10.0.0.${address++}`, ...spec })
  return { container, process: await container.start() }
}

const run = async (container: SimulatedContainer, command: string) =>
  finish(await container.exec({ command: ['sh', '-c', command] }))

describe('node', () => {
  const node = async (script: string) =>
    finish((await start('node:24-alpine', { args: ['node', '-e', script] })).process)

  it('runs a script, with what it prints and how it ends', async () => {
    expect(await node('console.log([1, { a: "b" }], process.version); process.exitCode = 3')).toEqual({
      stdout: "[ 1, { a: 'b' } ] v24.11.1\n",
      stderr: '',
      exitCode: 3,
    })
    expect(await node('null.x')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('TypeError') })
  })

  it('waits on the world’s clock and reads files of the container', async () => {
    const script =
      'const fs = require("node:fs"); fs.writeFileSync("/tmp/f", "é"); setTimeout(() => console.log(fs.readFileSync("/tmp/f", "utf8"), fs.existsSync("/none")), 50)'
    expect((await node(script)).stdout).toBe('é false\n')
  })

  it('serves HTTP, and stops when its handler says so', async () => {
    const script =
      'require("http").createServer((q, r) => r.end(`${q.method} ${q.url}`)).listen(3000, () => console.log("up")); process.on("SIGTERM", () => process.exit(0))'
    const { container, process } = await start('node:24', { args: ['node', '-e', script] })
    await appears(process.stdout, 'up')
    expect(
      (
        await run(
          container,
          'node -e "fetch(\'http://localhost:3000/x?y\').then((a) => a.text()).then(console.log)"',
        )
      ).stdout,
    ).toBe('GET /x?y\n')
    process.kill('SIGTERM')
    expect(await process.exited).toMatchObject({ exitCode: 0 })
  })

  it('cannot reach the host', async () => {
    const { stdout } = await node(
      'for (const name of ["child_process", "net", "worker_threads"]) try { require(name) } catch (e) { console.log(e.message) }; console.log(typeof globalThis.Deno, require("fs").existsSync("/proc/self/maps"))',
    )
    expect(stdout).toMatch(/(?:drydock: the module \w+ is not simulated in containers\n){3}undefined false\n/)
  })

  it('installs a table’s packages with npm', async () => {
    const { container } = await start('node:24', { args: ['sleep', '100'] })
    const { stdout } = await run(
      container,
      "mkdir /app; cd /app; npm init -y >/dev/null; npm install express; node -e \"const app = require('express')(); app.get('/:who', (q, r) => r.json(q.params)); const s = app.listen(0, async () => { console.log(await (await fetch('http://localhost:' + s.address().port + '/ann')).text()); s.close() })\"",
    )
    expect(stdout).toMatch(/added 68 packages, and audited 69 packages[\s\S]*\{"who":"ann"\}\n$/)
    expect(await run(container, 'cd /app; npm install no-such-thing')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('npm error code E404'),
    })
  })
})

describe('perl', () => {
  /** 400 MiB. */
  const PRINTS_MUCH = 'print "y" x 65536 for 1..6400'

  it('runs one-liners and scripts, with their files, as Perl does', async () => {
    const { container } = await start('perl:5.34.0', { args: ['sleep', '1000'] })
    // https://kubernetes.io/docs/concepts/workloads/controllers/job/, with fewer digits.
    expect((await run(container, "perl -Mbignum=bpi -wle 'print bpi(40)'")).stdout).toBe(
      '3.141592653589793238462643383279502884197\n',
    )
    expect(
      await run(
        container,
        `printf 'b 2\\na 1\\n' > in.txt
         perl -lane 'print "$F[1]-$F[0]"' in.txt; cat in.txt | perl -pe 's/\\d/uc "n"/e'
         printf 'open F, ">", "out.txt"; print F "from $0 @ARGV\\n"; close F; warn "mind"; exit 3' > w.pl
         perl w.pl x; echo "$?"; cat out.txt; perl -e 'die "no\\n"'; echo "$?"; perl none.pl; perl -c -e 'print 1'`,
      ),
    ).toEqual({
      stdout: '2-b\n1-a\nb N\na N\n3\nfrom w.pl x\n255\n',
      stderr:
        'mind at w.pl line 2.\nno\nCan\'t open perl script "none.pl": No such file or directory\n-e syntax OK\n',
      exitCode: 0,
    })
    await container.remove()
  }, 60_000)

  it('prints as fast as it is read', async () => {
    const { container } = await start('perl:5.34.0', { args: ['sleep', '1000'] })
    const before = heldMiB()
    const unread = await container.exec({ command: ['perl', '-e', PRINTS_MUCH] })
    await once(unread.stdout, 'readable')
    // While this one counts, the other could print all.
    expect((await run(container, `perl -e '$i++ for 1..5e6; print $i'`)).stdout).toBe('5000000')
    expect(heldMiB() - before).toBeLessThan(20)
    unread.kill('SIGKILL')
    await unread.exited
    await container.remove()
  }, 60_000)

  it('gives its turn to the next one also when it is killed while it waits', async () => {
    const { container } = await start('perl:5.34.0', { args: ['sleep', '1000'] })
    const long = () => container.exec({ command: ['perl', '-e', PRINTS_MUCH] })
    const running = [await long(), await long()]
    await Promise.all(running.map(({ stdout }) => once(stdout, 'readable')))
    const waiting = [await long(), await long()]
    for (const one of [...waiting, ...running]) {
      one.kill('SIGKILL')
      await one.exited
    }
    expect((await run(container, `perl -e 'print "again"'`)).stdout).toBe('again')
    await container.remove()
  }, 60_000)
})

describe('redis', () => {
  it('keeps values, their types and times, and loads them again', async () => {
    const files = new Map()
    const mounts = [{ path: '/data', files }]
    const first = await start('redis', { mounts })
    await appears(first.process.stdout, 'Ready to accept connections tcp')
    const said = await run(
      first.container,
      'redis-cli set a 1 ex 100; redis-cli incr a; redis-cli ttl a; redis-cli rpush l x y; redis-cli get l; printf "hset h f v\\nhgetall h\\n" | redis-cli',
    )
    expect(said.stdout).toBe(
      'OK\n2\n100\n2\nWRONGTYPE Operation against a key holding the wrong kind of value\n1\nf\nv\n',
    )
    first.process.kill('SIGTERM')
    expect((await first.process.exited).exitCode).toBe(0)
    const again = await start('redis', { mounts })
    await appears(again.process.stdout, 'Ready to accept connections tcp')
    expect((await run(again.container, 'redis-cli lrange l 0 -1')).stdout).toBe('x\ny\n')
  })
})

describe('memcached', () => {
  /** What it answers to bytes. */
  const ask = async (address: string, ...parts: (string | Buffer)[]) => {
    const socket = lab.network.connect({ address, port: 11211 })
    for (const part of parts) socket.write(part)
    socket.write('quit\r\n')
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  const store = (key: string, value: Buffer, command = 'set') =>
    Buffer.concat([Buffer.from(`${command} ${key} 0 0 ${value.length}\r\n`), value, Buffer.from('\r\n')])

  it('gives back the bytes that it was given, and not more than it may keep', async () => {
    const address = '10.0.0.80'
    const { container } = await start('memcached', { address, args: ['-m', '4'] })
    await expect.poll(() => lab.network.listening(address, 11211)).toBe(true)
    const bytes = Buffer.from([0, 255, 10, 13, 200])
    expect(await ask(address, store('b', bytes), 'get b\r\n')).toEqual(
      Buffer.concat([Buffer.from('STORED\r\nVALUE b 0 5\r\n'), bytes, Buffer.from('\r\nEND\r\n')]),
    )
    expect(String(await ask(address, 'set x no 0 1\r\n1\r\n'))).toContain('CLIENT_ERROR bad command line')
    const large = Buffer.alloc(1024 ** 2)
    expect(String(await ask(address, store('l', large), store('l', bytes, 'append')))).toBe(
      'STORED\r\nSERVER_ERROR object too large for cache\r\n',
    )
    for (let index = 0; index < 5; index++) await ask(address, store(`k${index}`, large))
    const stats = String(await ask(address, 'stats\r\n'))
    expect(Number(/STAT bytes (\d+)/.exec(stats)?.[1])).toBeLessThanOrEqual(4 * 1024 ** 2)
    expect(stats).toMatch(/STAT curr_items 3\r\n/)
    // As many times as a line holds: the answer is never held as a whole.
    const answer = await ask(address, `get${' k4'.repeat(20)}\r\n`)
    expect(answer.length).toBeGreaterThan(20 * 1024 ** 2)
    await container.remove()
  })
})

describe('registry', () => {
  it('answers a path that cannot be read, and pages of its catalogue', async () => {
    const { container, process } = await start('registry:2', { address: '10.0.0.81' })
    await appears(process.stderr, 'listening on')
    const { container: client } = await start('nginx', { address: '10.0.0.82', args: ['sleep', '100'] })
    const status = async (path: string) =>
      (await run(client, `curl -s -o /dev/null -w '%{http_code}' http://10.0.0.81:5000${path}`)).stdout
    expect(await status('/v2/%zz/tags/list')).toBe('400')
    expect(await status('/v2/_catalog?n=-1')).toBe('400')
    expect(await status('/v2/_catalog?n=5')).toBe('200')
    await container.remove()
    await client.remove()
  })
})

describe('what a shell asks of its container', () => {
  it('is answered by the container’s own limits, user and network', async () => {
    const { container } = await start('busybox', {
      args: ['sleep', '1000'],
      memoryLimitBytes: 32 * 1024 * 1024,
      cpuLimitMilli: 500,
      user: '1000:1000',
    })
    expect((await run(container, 'id')).stdout).toBe('uid=1000 gid=1000 groups=1000\n')
    expect((await run(container, 'cd /sys/fs/cgroup; cat memory.max cpu.max')).stdout).toBe(
      '33554432\n50000 100000\n',
    )
    expect((await run(container, 'ping -c1 -W1 localhost')).stdout).toContain(
      '1 packets transmitted, 1 packets received',
    )
  })
})

describe('apt', () => {
  it.each([
    ['debian:12-slim', 'http://deb.debian.org/debian bookworm', '2.6.1'],
    ['debian', 'http://deb.debian.org/debian trixie', '3.0.3'],
    ['redis:bookworm', 'http://deb.debian.org/debian bookworm', '2.6.1'],
    ['ubuntu:24.04', 'http://archive.ubuntu.com/ubuntu noble', '2.8.3'],
    ['ubuntu:22.04', 'http://archive.ubuntu.com/ubuntu jammy', '2.4.14'],
  ])('asks the archive of its own release: %s', async (image, archive, version) => {
    const { container } = await start(image, { command: ['sleep', 'infinity'] })
    expect((await run(container, 'apt-get install jq')).stderr).toBe('E: Unable to locate package jq\n')
    expect((await run(container, 'apt-get update')).stdout).toContain(`Get:1 ${archive} InRelease [`)
    expect((await run(container, 'apt-get install -y jq')).stdout).toContain(
      `${archive}/main amd64 jq amd64 1.`,
    )
    expect((await run(container, 'apt-get --version')).stdout).toContain(`apt ${version} (amd64)`)
  })
})

describe('httpd', () => {
  const configured = (text: string) =>
    new Map([
      ['', { content: Buffer.from(`ServerName lab\nDocumentRoot "/usr/local/apache2/htdocs"\n${text}`) }],
    ])
  const mounts = (text: string) => [
    { path: '/usr/local/apache2/conf/httpd.conf', files: configured(text), single: true },
  ]

  it('does what its configuration says', async () => {
    const behind = await start('nginx')
    await appears(behind.process.stderr, 'start worker processes')
    const { container, process } = await start('httpd', {
      hosts: { api: behind.container.spec.address },
      mounts: mounts(`Listen 80
Listen 8080
LoadModule proxy_module modules/mod_proxy.so
LoadModule proxy_http_module modules/mod_proxy_http.so
Alias /docs /usr/local/apache2/conf
Redirect permanent /old http://lab/new
ErrorDocument 404 "nothing here"
ProxyPass /api http://api
<VirtualHost *:8080>
  <IfModule dir_module>
    DocumentRoot /etc
  </IfModule>
</VirtualHost>
`),
    })
    await appears(process.stderr, 'resuming normal operations')
    const get = async (url: string, options = '') =>
      (await run(behind.container, `curl -s ${options} ${url.replace('localhost', container.spec.address)}`))
        .stdout
    expect(await get('localhost/')).toContain('It works!')
    expect(await get('localhost/docs/httpd.conf')).toContain('Listen 8080')
    expect(await get('localhost/old/page', '-I')).toMatch(
      /301 Moved Permanently[\s\S]*Location: http:\/\/lab\/new\/page/,
    )
    expect(await get('localhost/none')).toBe('nothing here')
    expect(await get('localhost/api/')).toContain('Welcome to nginx!')
    expect(await get('localhost:8080/hostname')).toBe((await run(container, 'hostname')).stdout)
    expect(await run(container, 'httpd -t')).toEqual({ stdout: '', stderr: 'Syntax OK\n', exitCode: 0 })
  })

  it.each([
    [
      'Listen 80\nLisen 81\n',
      "line 4 of /usr/local/apache2/conf/httpd.conf:\nInvalid command 'Lisen', perhaps misspelled or defined by a module not included in the server configuration\n",
    ],
    ['Listen 80\nProxyPass / http://api/\n', "Invalid command 'ProxyPass', perhaps misspelled"],
    ['DocumentRoot /none\n', "DocumentRoot '/none' is not a directory, or is not readable\n"],
    [
      '<Directory />\n',
      'Syntax error on line 3 of /usr/local/apache2/conf/httpd.conf: <Directory> was not closed.\n',
    ],
  ])('refuses %j with Apache’s words', async (text, words) => {
    const { process } = await start('httpd', { mounts: mounts(text) })
    expect(await finish(process)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(words) })
  })
})

describe('test', () => {
  it.each(['busybox', 'nginx'])('is a program of %s, for probes, which have no shell', async (image) => {
    const { container, process } = await start(image, { args: ['sh', '-c', 'touch up; echo up; sleep 100'] })
    await appears(process.stdout, 'up')
    const codes = [
      ['test', '-f', 'up'],
      ['test', '-f', '/none'],
      ['[', '2', '-gt', '1', ']'],
      ['[', 'a'],
    ].map(async (command) => (await finish(await container.exec({ command }))).exitCode)
    expect(await Promise.all(codes)).toEqual([0, 1, 0, 2])
    await container.remove()
  })
})

describe('curl', () => {
  it('sends data as it is told, and shows the body of a refusal', async () => {
    const serve =
      'require("http").createServer((q, r) => { r.statusCode = q.url === "/no" ? 403 : 200; q.setEncoding("utf8"); let b = ""; q.on("data", (c) => { b += c }); q.on("end", () => r.end(q.url === "/who" ? q.headers.authorization : `${q.method} ${q.url} ${b}`)) }).listen(3000, () => console.log("up"))'
    const server = await start('node:24', { args: ['node', '-e', serve] })
    await appears(server.process.stdout, 'up')
    const { container } = await start('nginx', { args: ['sleep', '100'] })
    const url = `http://${server.container.spec.address}:3000`
    const curl = async (options: string) => {
      const { exitCode, stdout, stderr } = await run(
        container,
        `printf 'a b\\n' >/tmp/file; curl -sS ${options}`,
      )
      return [exitCode, stdout + stderr]
    }
    expect(await curl(`-d a=1 -d @/tmp/file ${url}`)).toEqual([0, 'POST / a=1&a b'])
    expect(await curl(`--data-binary @/tmp/file ${url}`)).toEqual([0, 'POST / a b\n'])
    expect(await curl(`--data-raw @/tmp/file ${url}`)).toEqual([0, 'POST / @/tmp/file'])
    expect(await curl(`-G ${url}/?x -d a=1 --data-urlencode "n=é (b)" --data-urlencode f@/tmp/file`)).toEqual(
      [0, 'GET /?x&a=1&n=%C3%A9+%28b%29&f=a+b%0A '],
    )
    expect(await curl(`-f ${url}/no`)).toEqual([22, 'curl: (22) The requested URL returned error: 403\n'])
    expect(await curl(`--fail-with-body ${url}/no`)).toEqual([
      22,
      'GET /no curl: (22) The requested URL returned error: 403\n',
    ])
    expect(await curl(`-u a:b ${url}/who`)).toEqual([0, 'Basic YTpi'])
    expect(await curl(`-u a:b -H 'Authorization: own' ${url}/who`)).toEqual([0, 'own'])
    expect(await curl(`-u key:secret --aws-sigv4 aws:amz:us-east-1:ssm ${url}/who`)).toEqual([
      0,
      expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=key\/\d{8}\/us-east-1\/ssm\/aws4_request, /),
    ])
    expect(await curl(`-u key:secret --aws-sigv4 :amz ${url}/who`)).toEqual([
      43,
      'curl: (43) first aws-sigv4 provider cannot be empty\n',
    ])
    expect(await curl(`-d @/none ${url}`)).toEqual([
      26,
      expect.stringContaining('curl: Failed to open /none\n'),
    ])
    await container.remove()
    await server.container.remove()
  })
})

describe('drydock/hello', () => {
  it('is killed when it holds more memory than it may', async () => {
    const container = await lab.runtime.create({
      id: '1'.repeat(64),
      image: await lab.puller.pull('docker.io/drydock/hello:1.0', undefined),
      env: {},
      hostname: 'hello',
      address: '10.0.0.9',
      memoryLimitBytes: 64 * 1024 ** 2,
    })
    const process = await container.start()
    await appears(process.stdout, 'listening')
    expect((await run(container, 'curl -s localhost:8080')).stdout).toBe(
      'Hello, world!\nVersion: 1.0.0\nHostname: hello\n',
    )
    expect(
      (
        await run(
          container,
          'curl -s -o /dev/null -w "%{http_code}" localhost:8080/ready/off; curl -s -o /dev/null -w "%{http_code}" localhost:8080/readyz',
        )
      ).stdout,
    ).toBe('200503')
    await run(container, 'curl -s "localhost:8080/memory?mb=100"')
    expect(await process.exited).toEqual({ exitCode: 137, signal: 'SIGKILL', oomKilled: true })
  })
})

describe('postgres', () => {
  it('refuses to begin without a password', async () => {
    const { process } = await start('postgres')
    expect(await finish(process)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('superuser password is not specified'),
    })
  })

  it('initializes once, is ready, and stops fast', async () => {
    const { container, process } = await start('postgres:17', { env: { POSTGRES_PASSWORD: 'x' } })
    await appears(process.stderr, 'database system is ready to accept connections')
    expect((await run(container, 'pg_isready -h localhost')).stdout).toBe(
      'localhost:5432 - accepting connections\n',
    )
    process.kill('SIGINT')
    expect((await process.exited).exitCode).toBe(0)
  })
})
