import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finish, type Lab, openLab } from './lab.ts'

/** By whose rights a container's processes use its files. */
let lab: Lab
beforeAll(async () => {
  lab = await openLab()
})
afterAll(() => lab.close())

/** What a script prints on both streams. */
async function run(script: string, spec: Parameters<Lab['container']>[1] = {}): Promise<string> {
  const container = await lab.container('busybox', spec)
  const { stdout, stderr } = await finish(
    await container.exec({ command: ['sh', '-c', `exec 2>&1; ${script}`] }),
  )
  return stdout + stderr
}

describe('a container’s user', () => {
  it('has the groups of /etc/group and further ones', async () => {
    expect(await run('id')).toMatch(/^uid=0\(root\) gid=0\(root\) groups=0\(root\)/)
    expect(await run('id; whoami; id -u; id -g; id -G', { user: '1000:3000', groups: [2000, 4000] })).toBe(
      'uid=1000 gid=3000 groups=3000,2000,4000\nwhoami: unknown uid 1000\n1000\n3000\n3000 2000 4000\n',
    )
    expect(await run('id -un; id -gn', { user: 'www-data' })).toBe('www-data\nwww-data\n')
  })

  it('owns what it makes, and makes nothing where it may not', async () => {
    const user = { user: '1000:3000' }
    expect(await run('touch /tmp/a; mkdir /tmp/b; ls -ln /tmp | sed 1d | cut -c 1-40', user)).toMatch(
      /-rw-r--r-- +1 1000 +3000.*\n.*drwxr-xr-x +2 1000 +3000/,
    )
    expect(await run('touch /a; mkdir /b; echo x > /c; rm /etc/passwd; echo x >> /etc/passwd', user)).toBe(
      [
        "touch: cannot touch '/a': Permission denied",
        "mkdir: cannot create directory '/b': Permission denied",
        "sh: can't create /c: Permission denied",
        "rm: cannot remove '/etc/passwd': Permission denied",
        "sh: can't create /etc/passwd: Permission denied",
        '',
      ].join('\n'),
    )
    expect(await run('chmod 600 /etc/hosts; chown 0 /tmp', user)).toMatch(/Operation not permitted/)
    const container = await lab.container('busybox', user)
    const as = async (script: string, who?: string) => {
      const command = ['sh', '-c', `exec 2>&1; ${script}`]
      const { stdout } = await finish(await container.exec({ command, ...(who ? { user: who } : {}) }))
      return stdout
    }
    expect(await as('echo secret > /key; chmod 600 /key; echo own > /tmp/own', 'root')).toBe('')
    expect(await as('cat /key; cat < /key; rm /tmp/own; cat /tmp/own')).toMatch(
      /cat: .*\/key.*Permission denied\nsh: can't open \/key: Permission denied\nrm: .*\/tmp\/own.*Operation not permitted\nown\n/,
    )
    expect(await as('cat /key', 'root')).toBe('secret\n')
  })

  it('shares a volume with its group (fsGroup)', async () => {
    const data = { path: '/data', files: new Map(), group: 2000 }
    const secret = {
      path: '/secret',
      files: new Map([['key', { content: Buffer.from('s\n'), mode: 0o400 }]]),
      group: 2000,
      readOnly: true,
    }
    const spec = { user: '1000:3000', groups: [2000], mounts: [data, secret] }
    expect(
      await run(
        'ls -ldn /data; echo x > /data/f; ls -ln /data/f; cat /secret/key; ls -lnd /secret/key',
        spec,
      ),
    ).toMatch(/^drwxrwsrwx +2 0 +2000 .*\n-rw-rw-r-- +1 1000 +2000 .*\ns\n-r--r----- +1 0 +2000 /)
    expect(
      await run('cat /secret/key', {
        ...spec,
        groups: [],
        mounts: [{ ...secret, group: undefined }] as never,
      }),
    ).toMatch(/Permission denied/)
  })
})
