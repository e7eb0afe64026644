import { readdirSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { LabShell } from '../support/lab-shell.ts'
import { transcript } from './transcript.ts'

// The examples that the AWS CLI brings with it (awscli/examples/<service>/*.rst in its repository), run one after the other as a learner would, with
// the outputs of the real service where an example has one. Each file is a session; sessions share a world, and each has a folder of its own.

const SESSIONS = join(import.meta.dirname, 'aws-examples')

let directory: string
let cloud: OwnedCloud
let shell: LabShell
let network: Record<string, string>
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-examples-'))
  cloud = await startCloud({ directory })
  const world = await cloud.createWorld({
    id: 'examples',
    accountId: '111122223333',
    provisioning: 'instant',
  })
  shell = await LabShell.open(world, 'bundled')
  network = JSON.parse(
    await shell.ok(`
      zone() { aws ec2 describe-subnets --filters Name=availability-zone,Values=us-east-1$1 --query 'Subnets[0].SubnetId' --output text; }
      echo "{\\"S1\\":\\"$(zone a)\\",\\"S2\\":\\"$(zone b)\\",\\"S3\\":\\"$(zone c)\\",
        \\"VPC\\":\\"$(aws ec2 describe-vpcs --query 'Vpcs[0].VpcId' --output text)\\",
        \\"SG\\":\\"$(aws ec2 describe-security-groups --query 'SecurityGroups[0].GroupId' --output text)\\"}"`),
  )
})
afterAll(async () => {
  await shell.close()
  await cloud.stop()
  await rm(directory, { recursive: true, force: true })
})

describe.concurrent('the examples of the AWS CLI', () => {
  for (const file of readdirSync(SESSIONS))
    it(file, { timeout: 300_000 }, async () => {
      const text = await readFile(join(SESSIONS, file), 'utf8')
      const folder = join(shell.home, file)
      await mkdir(folder)
      const env = { ...shell.environment, ...network, COLUMNS: '80' }
      const programs = shell.environment.PATH!.split(delimiter)[0]
      await transcript({ folder, env, programs }, text.replaceAll(/^#.*\n/gm, ''))
    })
})
