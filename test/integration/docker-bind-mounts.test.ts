import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DockerEngineShell, hasDocker } from '../support/docker-engine.ts'

describe.skipIf(!hasDocker())('folders of the home by the real docker client', () => {
  let shell: DockerEngineShell
  beforeAll(async () => {
    shell = await DockerEngineShell.open()
    for (const image of ['busybox', 'nginx']) await shell.run(`docker pull -q ${image}`)
  })
  afterAll(() => shell?.close())

  const get = async (name: string, path: string) => {
    // nginx listens only when its entrypoint script is through.
    const ran = await shell.run(`until docker exec ${name} curl -s http://localhost${path}; do :; done`)
    return ran.stdout.trim()
  }

  it('nginx serves a folder as it is at the time of the request', async () => {
    await shell.session([
      ['mkdir site && echo one > site/index.html'],
      ['docker run -d --name web -v "$(pwd)/site":/usr/share/nginx/html:ro nginx', /^[0-9a-f]{64}$/],
      [
        `docker inspect web --format '{{range .Mounts}}{{.Type}} {{.Source}} {{.Destination}} {{.RW}}{{end}}'`,
        `bind ${shell.folder}/site /usr/share/nginx/html false`,
      ],
    ])
    expect(await get('web', '/')).toBe('one')
    await shell.write('site/index.html', 'two, and longer\n')
    await shell.write('site/new.html', 'new\n')
    expect(await get('web', '/')).toBe('two, and longer')
    expect(await get('web', '/new.html')).toBe('new')
    await shell.session([
      [
        'docker exec web sh -c "echo x > /usr/share/nginx/html/x"',
        [2, /cannot create \S+: Read-only file system/],
      ],
      ['rm site/new.html && docker restart -t 0 web', 'web'],
    ])
    expect(await get('web', '/new.html')).toContain('404')
    await shell.session([['docker rm -f web', 'web']])
  })

  it('what a container writes, moves and removes is in the folder', () =>
    shell.session([
      ['mkdir work && echo one > work/a.txt'],
      [
        'docker run --rm --mount type=bind,source="$(pwd)/work",target=/w -w /w busybox sh -c "echo two >> a.txt; mkdir d; mv a.txt d/b.txt; cp d/b.txt /tmp/c; cp /tmp/c c.txt; mv d e; mv e/b.txt /tmp/b; cat /tmp/b"',
        'one\ntwo',
      ],
      ['find work | sort', 'work\nwork/c.txt\nwork/e'],
      ['cat work/c.txt', 'one\ntwo'],
      [
        'docker run --rm -v "$(pwd)/work":/w busybox sh -c "mkdir /e; echo e > /e/e.txt; cp -r /e /w/f; cat /w/f/e.txt; rm -r /w/f"',
        'e',
      ],
      ['docker run --rm -v "$(pwd)/work":/w busybox rm -r /w/e && ls work', 'c.txt'],
      ['docker run --rm -v "$(pwd)/made/here":/w busybox ls /w && ls -d made/here', 'made/here'],
      ['docker run --rm -v "$(pwd)/work/c.txt":/etc/motd:ro busybox cat /etc/motd', 'one\ntwo'],
    ]))

  it('refuses what is not there or not of the home', () =>
    shell.session([
      [
        'docker run --rm --mount type=bind,source="$(pwd)/none",target=/w busybox true',
        [
          125,
          new RegExp(
            `Error response from daemon: invalid mount config for type "bind": bind source path does not exist: ${shell.folder}/none`,
          ),
        ],
      ],
      ['ln -s /etc stolen'],
      [
        'docker run --rm -v "$(pwd)/stolen":/w busybox ls /w',
        [125, /The path \S+\/stolen is not shared from the host and is not known to Docker/],
      ],
      [
        'docker run --rm -v /etc/passwd:/w busybox cat /w',
        [125, /drydock: containers see what is in your home \(\S+\) only/],
      ],
    ]))
})
