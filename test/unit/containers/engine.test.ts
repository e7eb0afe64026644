import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changes, layerTar } from '#containers/files/layers.ts'
import { directory, file } from '#containers/files/nodes.ts'
import { FileTree } from '#containers/files/tree.ts'
import { HostTransport, readAnswer } from '#containers/images/transport.ts'
import { heldMiB } from '../../support/memory.ts'
import { type Lab, openLab, REGISTRY } from './lab.ts'

let lab: Lab
beforeAll(async () => {
  lab = await openLab()
})
afterAll(() => lab.close())

async function tar(files: Record<string, string>): Promise<Buffer> {
  const tree = new FileTree()
  for (const [name, text] of Object.entries(files)) {
    tree.makeFolders(`/${name.split('/').slice(0, -1).join('/')}`)
    tree.put(`/${name}`, file(text))
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of layerTar(changes(directory(), tree.root))) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Builds; gives the text that the CLI would print, and the error. */
async function build(
  files: Record<string, string>,
  query = 't=app',
): Promise<{ out: string; error: string | undefined }> {
  const { text } = await lab.docker('POST', `/build?${query}`, await tar(files))
  const messages = text
    .trim()
    .split('\r\n')
    .map((line) => JSON.parse(line))
  return {
    out: messages.map(({ stream }) => stream ?? '').join(''),
    error: messages.find(({ error }) => error)?.error,
  }
}

/** Runs a command in a new container of an image to its end. */
async function run(
  image: string,
  cmd: string[] | null,
  more: object = {},
): Promise<{ output: string; code: number }> {
  const { json } = await lab.docker('POST', '/containers/create', { Image: image, Cmd: cmd, ...more })
  await lab.docker('POST', `/containers/${json.Id}/start`)
  const { json: ended } = await lab.docker('POST', `/containers/${json.Id}/wait`)
  const { text } = await lab.docker('GET', `/containers/${json.Id}/logs?stdout=1&stderr=1`)
  await lab.docker('DELETE', `/containers/${json.Id}?force=1`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: headers of the multiplexed stream.
  return { output: text.replace(/[\x01\x02]\0\0\0[\s\S]{4}/g, ''), code: ended.StatusCode }
}

describe('classic builder', () => {
  it('runs every step, names the image, and takes unchanged steps from the cache', async () => {
    const files = {
      Dockerfile: 'FROM busybox\nCOPY a.txt /data/\nRUN cat /data/a.txt > /b\n',
      'a.txt': 'one',
    }
    const first = await build(files)
    expect(first.error).toBeUndefined()
    expect(first.out).toMatch(
      /^Step 1\/3 : FROM busybox\n ---> [0-9a-f]{12}\nStep 2\/3 : COPY a\.txt \/data\/\n ---> [0-9a-f]{12}\nStep 3\/3 : RUN cat \/data\/a\.txt > \/b\n ---> Running in [0-9a-f]{12}\n ---> Removed intermediate container [0-9a-f]{12}\n ---> ([0-9a-f]{12})\nSuccessfully built \1\nSuccessfully tagged app:latest\n$/,
    )
    const again = await build(files)
    expect(again.out.match(/Using cache/g)).toHaveLength(2)
    const changed = await build({ ...files, 'a.txt': 'two' })
    expect(changed.out).not.toContain('Using cache')
    expect((await run('app', ['cat', '/b'])).output).toBe('two')
  })

  it('builds in stages and keeps only the last', async () => {
    const dockerfile = [
      'ARG BASE=busybox',
      'FROM ${BASE} AS tools',
      'WORKDIR /work',
      'RUN echo made > made && echo secret > secret',
      'FROM alpine',
      'COPY --from=tools --chown=nobody /work/made /srv/',
      'ENV GREETING="hello there" B=2',
      'ARG WHO=you',
      'RUN echo "$GREETING $WHO" > /greeting',
      'LABEL a=1 b="x y"',
      'EXPOSE 8080 53/udp',
      'USER nobody',
      'VOLUME /data',
      'HEALTHCHECK --interval=5s --retries=2 CMD wget -q localhost',
      'STOPSIGNAL SIGINT',
      'ENTRYPOINT ["cat"]',
      'CMD ["/greeting"]',
    ].join('\n')
    const { error } = await build(
      { Dockerfile: dockerfile },
      `t=staged:1&buildargs=${encodeURIComponent('{"WHO":"me"}')}`,
    )
    expect(error).toBeUndefined()
    expect((await run('staged:1', null)).output).toBe('hello there me\n')
    expect((await run('staged:1', ['/work/secret'])).code).toBe(1)
    expect((await run('staged:1', ['-c', 'ls -l /srv; whoami'], { Entrypoint: ['sh'] })).output).toMatch(
      /nobody.*made\nnobody\n$/s,
    )
    const { json } = await lab.docker('GET', '/images/staged:1/json')
    expect(json.Config).toMatchObject({
      Env: expect.arrayContaining(['GREETING=hello there', 'B=2']),
      Labels: { a: '1', b: 'x y' },
      ExposedPorts: { '8080/tcp': {}, '53/udp': {} },
      User: 'nobody',
      Volumes: { '/data': {} },
      StopSignal: 'SIGINT',
      Healthcheck: { Test: ['CMD-SHELL', 'wget -q localhost'], Interval: 5e9, Retries: 2 },
    })
  })

  it.each([
    [
      'FROM busybox\nCOPY none /x\n',
      'COPY failed: file not found in build context or excluded by .dockerignore: stat none: file does not exist',
    ],
    ['FROM busybox\nRUN exit 3\n', "The command '/bin/sh -c exit 3' returned a non-zero code: 3"],
    ['FROM busybox\nFOO bar\n', 'dockerfile parse error on line 2: unknown instruction: FOO'],
    ['RUN true\n', 'no build stage in current context'],
    [
      'FROM acme/none\n',
      "pull access denied for acme/none, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    ],
    ['', 'the Dockerfile (Dockerfile) cannot be empty'],
  ])('%j fails as the real one does', async (dockerfile, message) => {
    expect((await build({ Dockerfile: dockerfile })).error).toBe(message)
  })

  it('runs triggers of the base image', async () => {
    await build({ Dockerfile: 'FROM busybox\nONBUILD RUN echo triggered > /t\n' }, 't=base')
    const { out } = await build({ Dockerfile: 'FROM base\n' }, 't=child')
    expect(out).toContain('# Executing 1 build trigger')
    expect((await run('child', ['cat', '/t'])).output).toBe('triggered\n')
  })

  it('leaves no file of the engine itself in the image', async () => {
    await build({ Dockerfile: 'FROM scratch\nCOPY Dockerfile /only\n' }, 't=bare')
    await build({ Dockerfile: 'FROM busybox\nRUN true\n' }, 't=nop')
    const { json } = await lab.docker('GET', '/images/nop/history')
    const layers = lab.engine.images.require('nop').layers
    const [top] = layers.slice(-1)
    expect(json).toHaveLength(2)
    expect((await lab.blobs.stat(top!.digest))!.size).toBeLessThan(200)
  })
})

describe('containers', () => {
  it('keep their files over a stop and their state over a restart of the process', async () => {
    await build({ Dockerfile: 'FROM busybox\n' }, 't=box')
    const { json } = await lab.docker('POST', '/containers/create?name=keeper', {
      Image: 'box',
      Cmd: ['sh', '-c', 'date >> /log; echo up; sleep 1000'],
    })
    await lab.docker('POST', `/containers/${json.Id}/start`)
    const { json: exec } = await lab.docker('POST', '/containers/keeper/exec', {
      Cmd: ['sh', '-c', 'echo kept > /file'],
      AttachStdout: true,
    })
    await lab.docker('POST', `/exec/${exec.Id}/start`, {})
    await lab.docker('POST', '/containers/keeper/stop?t=0')
    expect((await lab.docker('GET', '/containers/keeper/json')).json.State).toMatchObject({
      Status: 'exited',
      ExitCode: 137,
    })
    const snapshot = lab.world.store.snapshot()
    const later = await openLab({ folder: lab.folder })
    later.world.store.restore(snapshot.entries(), snapshot.revision)
    await later.docker('POST', '/containers/keeper/start')
    const { json: second } = await later.docker('POST', '/containers/keeper/exec', {
      Cmd: ['cat', '/file'],
      AttachStdout: true,
    })
    expect((await later.docker('POST', `/exec/${second.Id}/start`, {})).text).toContain('kept')
    later.world.close()
  })

  it('give their ports back before a forced removal is answered, also while they end or start', async () => {
    await build({ Dockerfile: 'FROM busybox\n' }, 't=box')
    const create = (name: string, script: string) =>
      lab.docker('POST', `/containers/create?name=${name}`, {
        Image: 'box',
        Cmd: ['sh', '-c', script],
        ExposedPorts: { '80/tcp': {} },
        HostConfig: {
          RestartPolicy: { Name: 'always' },
          PortBindings: { '80/tcp': [{ HostPort: '8090' }] },
        },
      })
    const start = (name: string) => lab.docker('POST', `/containers/${name}/start`)
    const remove = (name: string) => lab.docker('DELETE', `/containers/${name}?force=1`)
    const isFree = async () => {
      await create('next', 'sleep 1000')
      const { status, json } = await start('next')
      await remove('next')
      expect({ status, message: json?.message }).toEqual({ status: 204, message: undefined })
    }
    await create('starting', 'sleep 1000')
    const started = start('starting')
    await remove('starting')
    await started
    await isFree()
    // It has ended, and what it wrote takes a while to be kept.
    await create(
      'ending',
      'trap "exit 1" TERM; head -c 60000000 /dev/urandom > /big; echo ready; while :; do sleep 0.02; done',
    )
    await start('ending')
    const logs = async () => (await lab.docker('GET', '/containers/ending/logs?stdout=1')).text
    await expect.poll(logs, { timeout: 20_000 }).toContain('ready')
    const { json } = await lab.docker('POST', '/containers/ending/exec', { Cmd: ['kill', '1'] })
    await lab.docker('POST', `/exec/${json.Id}/start`, {})
    while ((await lab.docker('GET', '/containers/ending/top')).status === 200)
      await new Promise((resolve) => setImmediate(resolve))
    await remove('ending')
    await isFree()
  })

  it('publish ports on the world’s 127.0.0.1', async () => {
    await build(
      {
        Dockerfile: 'FROM nginx:alpine\nCOPY index.html /usr/share/nginx/html/\n',
        'index.html': 'published',
      },
      't=site',
    )
    const ports = { HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] } } }
    const { json } = await lab.docker('POST', '/containers/create?name=site', { Image: 'site', ...ports })
    await lab.docker('POST', `/containers/${json.Id}/start`)
    for (;;) {
      const { text } = await lab.docker('GET', '/containers/site/logs?stderr=1')
      if (text.includes('start worker process')) break
    }
    const probe = await run('busybox', ['true'])
    expect(probe.code).toBe(0)
    const socket = lab.network.connect({ address: '127.0.0.1', port: 8080 })
    socket.end('GET / HTTP/1.0\r\n\r\n')
    expect(String(Buffer.concat(await Readable.from(socket).toArray()))).toContain('published')
    const { json: other } = await lab.docker('POST', '/containers/create', { Image: 'site', ...ports })
    const second = await lab.docker('POST', `/containers/${other.Id}/start`)
    expect(second.text).toContain('Bind for 0.0.0.0:8080 failed: port is already allocated')
    await lab.docker('DELETE', '/containers/site?force=1')
  })

  it.each([
    ['GET', '/images/none/json', 404, 'No such image: none:latest'],
    ['GET', '/containers/none/json', 404, 'No such container: none'],
    [
      'POST',
      '/images/create?fromImage=nginx&tag=zzz',
      404,
      'manifest for nginx:zzz not found: manifest unknown: manifest unknown',
    ],
    [
      'POST',
      '/images/create?fromImage=Bad',
      400,
      'invalid reference format: repository name (library/Bad) must be lowercase',
    ],
    [
      'POST',
      '/swarm/init',
      501,
      'drydock: Swarm mode is not simulated; what it does, Kubernetes does here (kubectl create deployment, kubectl scale)',
    ],
    ['GET', '/v1.99/info', 400, 'client version 1.99 is too new. Maximum supported API version is 1.50'],
  ])('%s %s answers %i', async (method, path, status, message) => {
    const answer = await lab.docker(method, path)
    expect([answer.status, answer.json.message]).toEqual([status, message])
  })
})

describe('a layer of 200 MiB', () => {
  it('is built and pushed with memory flat', async () => {
    const size = 200 * 1024 * 1024
    const before = heldMiB()
    let peak = before
    const { tarHeader, tarEnd } = await import('#containers/files/tar.ts')
    async function* context() {
      const dockerfile = Buffer.from('FROM scratch\nCOPY big /\n')
      yield tarHeader({
        name: 'Dockerfile',
        type: 'file',
        mode: 0o644,
        uid: 0,
        gid: 0,
        mtime: 0,
        size: dockerfile.length,
      })
      yield Buffer.concat([dockerfile, Buffer.alloc(512 - dockerfile.length)])
      yield tarHeader({ name: 'big', type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, size })
      for (let sent = 0; sent < size; sent += 1024 * 1024) {
        if (sent % (16 * 1024 * 1024) === 0) peak = Math.max(peak, heldMiB())
        // Repeats at a distance that gzip does not look back over: the layer is as large when it is pushed.
        const piece = crypto.getRandomValues(Buffer.alloc(65536))
        yield Buffer.concat(Array.from({ length: 16 }, () => piece))
      }
      yield tarEnd()
    }
    const client = new HostTransport({ resolve: () => lab.engine })
    let watch: NodeJS.Timeout
    // A look collects garbage, which takes long on a busy machine: the work must get its turns.
    const look = () => {
      const start = performance.now()
      peak = Math.max(peak, heldMiB())
      watch = setTimeout(look, 3 * (performance.now() - start))
    }
    look()
    const tag = encodeURIComponent(`${REGISTRY}/web:big`)
    const built = await readAnswer(
      await client.send(`http://docker/build?t=${tag}`, {
        method: 'POST',
        body: Readable.from(context()) as AsyncIterable<Uint8Array>,
      }),
    )
    expect(built.toString()).toContain('Successfully tagged')
    const auth = Buffer.from(JSON.stringify({ username: 'AWS', password: 'token' })).toString('base64url')
    const pushed = await readAnswer(
      await client.send(`http://docker/images/${REGISTRY}/web/push?tag=big`, {
        method: 'POST',
        headers: { 'x-registry-auth': auth },
      }),
    )
    expect(pushed.toString()).toContain('big: digest: sha256:')
    clearTimeout(watch!)
    expect(peak - before).toBeLessThan(20)
  }, 180_000)
})

describe('volumes', () => {
  it('keeps what containers wrote when the engine starts again, and knows who uses them', async () => {
    const HostConfig = { Binds: ['notes:/data'] }
    expect((await run('busybox', ['sh', '-c', 'echo kept > /data/a'], { HostConfig })).code).toBe(0)
    const again = lab.restartedEngine()
    const { json: made } = await again('POST', '/containers/create', {
      Image: 'busybox',
      Cmd: ['cat', '/data/a'],
      HostConfig,
    })
    await again('POST', `/containers/${made.Id}/start`)
    expect((await again('POST', `/containers/${made.Id}/wait`)).json.StatusCode).toBe(0)
    expect((await again('GET', `/containers/${made.Id}/logs?stdout=1`)).text).toContain('kept')
    expect((await again('DELETE', '/volumes/notes')).json.message).toBe(
      `remove notes: volume is in use - [${made.Id}]`,
    )
    await again('DELETE', `/containers/${made.Id}`)
    expect((await again('DELETE', '/volumes/notes')).status).toBe(204)
    expect((await again('GET', '/volumes/notes')).json.message).toBe('get notes: no such volume')
  })
})

describe('stop', () => {
  it('ends a web server that has only just been started, without waiting to kill it', async () => {
    await lab.docker('POST', '/images/create?fromImage=nginx&tag=latest')
    const { json } = await lab.docker('POST', '/containers/create', { Image: 'nginx' })
    const started = lab.docker('POST', `/containers/${json.Id}/start`)
    await lab.docker('POST', `/containers/${json.Id}/stop?t=30`)
    await started
    const { State } = (await lab.docker('GET', `/containers/${json.Id}/json`)).json
    expect([State.Status, State.ExitCode]).toEqual(['exited', 0])
    await lab.docker('DELETE', `/containers/${json.Id}`)
  })
})
