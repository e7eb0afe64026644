import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readSettings, settingVariables } from '../../../src/server/settings.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-settings-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function file(text: string): Promise<string> {
  const path = join(folder, 'drydock.yaml')
  await writeFile(path, text)
  return path
}

it('reads a file, and the environment over it', async () => {
  const path = await file(`url: https://learn.example.com\nport: 1\nsignIn: {password: false}\n`)
  const secret = join(folder, 'secret')
  await writeFile(secret, 'hunter2\n')
  const settings = await readSettings(path, {
    DRYDOCK_PORT: '8080',
    DRYDOCK_TRUST_PROXY: 'true',
    DRYDOCK_SIGN_IN_OIDC_ISSUER: 'https://id.example.com',
    DRYDOCK_SIGN_IN_OIDC_CLIENT_ID: 'drydock',
    DRYDOCK_SIGN_IN_OIDC_CLIENT_SECRET_FILE: secret,
    DRYDOCK_SIGN_IN_OIDC_INSTRUCTORS: 'a@example.com, b@example.com',
  })
  expect(settings).toMatchObject({
    url: 'https://learn.example.com',
    host: '127.0.0.1',
    port: 8080,
    trustProxy: true,
    signIn: {
      join: true,
      password: false,
      oidc: { clientSecret: 'hunter2', instructors: ['a@example.com', 'b@example.com'], administrators: [] },
    },
  })
})

it('says all that is wrong at once, with the place in the file and the variable', async () => {
  const path = await file('url: learn.example.com\nprot: 1\nsignIn:\n')
  const refused = readSettings(path, { DRYDOCK_PORT: 'high', DRYDOCK_TRUST_PROXY: 'perhaps' })
  await expect(refused).rejects.toThrow(
    /url \(DRYDOCK_URL\): .*\n.*port \(DRYDOCK_PORT\): .*\n.*trustProxy \(DRYDOCK_TRUST_PROXY\): .*\n.*signIn.*\n.*"prot"/,
  )
})

it('names a file that is not there, or is no mapping', async () => {
  await expect(readSettings(join(folder, 'none.yaml'), {})).rejects.toThrow(
    /none\.yaml could not be read: ENOENT/,
  )
  await expect(readSettings(await file('- a'), {})).rejects.toThrow(/is not a YAML mapping/)
})

it('tells what is wrong with the learning record store, and no secret of it', async () => {
  const refused = readSettings(await file('url: https://learn.example.com'), {
    DRYDOCK_XAPI_ENDPOINT: 'https://me:hunter2@lrs.example.com/xapi',
    DRYDOCK_XAPI_USER: 'a:b',
    DRYDOCK_XAPI_PEOPLE: 'everything',
  })
  await expect(refused).rejects.toThrow(
    /xapi\.endpoint \(DRYDOCK_XAPI_ENDPOINT\): User and password are settings of their own\.\n.*xapi\.user \(DRYDOCK_XAPI_USER\): .* no colon\.\n.*xapi\.password \(DRYDOCK_XAPI_PASSWORD\): .*\n.*xapi\.people/,
  )
  await expect(refused).rejects.not.toThrow(/hunter2/)
})

it('describes every setting', () => {
  for (const { path, description } of settingVariables()) expect(description, path.join('.')).not.toBe('')
})

it('reads the settings that are handed out in deploy/', async () => {
  expect(await readSettings('deploy/drydock.yaml', {})).toMatchObject({
    trustProxy: true,
    operations: { host: '127.0.0.1', port: 9464 },
  })
})
