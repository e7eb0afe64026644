// What ECR does by itself and for others, by the real AWS CLI. Texts: API reference and user guide of ECR; those marked in FIDELITY.md are from knowledge.
import { verify, X509Certificate } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import {
  CreateRepositoryCommand,
  type CreateRepositoryCommandInput,
  DescribeImageSigningStatusCommand,
  DescribeReplicationBackfillResultsCommand,
  ECRClient,
  ListReplicationBackfillsCommand,
  PutSigningConfigurationCommand,
  type SigningRule,
  StartReplicationBackfillCommand,
  StopReplicationBackfillCommand,
} from '@aws-sdk/client-ecr'
import { PutSigningProfileCommand, SignerClient } from '@aws-sdk/client-signer'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { bootstrapAccount } from '../../src/aws/iam/bootstrap.ts'
import { ACCOUNT, type Keys } from '../support/aws.ts'
import { administrator, digestOf, json, startEcr } from '../support/ecr.ts'

let ecr: Awaited<ReturnType<typeof startEcr>>
// Every command is a process of its own.
vi.setConfig({ testTimeout: 240_000 })

beforeAll(async () => {
  ecr = await startEcr()
})
afterAll(async () => {
  expect(ecr.errors).toEqual([])
  await ecr.close()
})

const MINUTE = 60_000
const DAY = 86_400_000
const run = (command: string, keys?: Keys) => ecr.command('ecr', command, keys)
const refusal = (command: string, keys?: Keys) => ecr.refused('ecr', command, keys)
/** Makes a repository without the CLI, where its making is not what is tested. */
const make = (repositoryName: string, options: Partial<CreateRepositoryCommandInput> = {}) =>
  new ECRClient(ecr.client()).send(new CreateRepositoryCommand({ repositoryName, ...options }))

describe('lifecycle policies', () => {
  const rule = (rulePriority: number, selection: object, action: object = { type: 'expire' }) => ({
    rulePriority,
    description: 'a rule of a test of lifecycle policies, long enough to be one',
    selection,
    action,
  })
  const policy = (...rules: object[]) => json({ rules })
  const put = (name: string, text: string) =>
    `put-lifecycle-policy --repository-name ${name} --lifecycle-policy-text ${text}`
  const tagsIn = async (name: string) =>
    (await run(`list-images --repository-name ${name}`)).imageIds
      .map((id: { imageTag?: string }) => id.imageTag)
      .sort()
  const prefix =
    "InvalidParameterException: Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: "
  const any = { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 1 }
  const untagged = { tagStatus: 'untagged', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 1 }
  beforeAll(() => make('lifecycle'))

  it.each([
    ['no JSON', `'${'x'.repeat(120)}'`, 'Could not map policyString into LifecyclePolicy.'],
    ['no rules', json({ none: 'x'.repeat(120) }), 'object has missing required properties (["rules"])'],
    [
      'a rule without action',
      json({ rules: [{ rulePriority: 1, description: 'x'.repeat(100), selection: any }] }),
      'object has missing required properties (["action"])',
    ],
    [
      'an unknown property',
      policy({ ...rule(1, any), extra: 1 }),
      'object instance has properties which are not allowed by the schema: ["extra"]',
    ],
    [
      'a wrong tag status',
      policy(rule(1, { ...any, tagStatus: 'some' })),
      'instance value ("some") not found in enum (possible values: ["any","tagged","untagged"])',
    ],
    [
      'a count of none',
      policy(rule(1, { ...any, countNumber: 0 })),
      'numeric instance is lower than the required minimum (minimum: 1, found: 0)',
    ],
    [
      'tagged without tags',
      policy(rule(1, { ...any, tagStatus: 'tagged' })),
      'Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED.',
    ],
    [
      'any before another',
      policy(rule(1, any), rule(2, untagged)),
      'Rule for tagStatus=ANY must have the lowest priority per storage class',
    ],
    [
      'untagged twice',
      policy(rule(1, untagged), rule(2, untagged)),
      'Only one rule can select Untagged images per storage class',
    ],
  ])('refuse %s', async (_what, text, reason) => {
    expect(await refusal(put('lifecycle', text))).toBe(`${prefix}${reason}'`)
  })

  it('show in a preview what they would do, and then do it on the world’s clock', async () => {
    for (const tag of ['prod-1', 'prod-2', 'dev-1', 'dev-2', 'dev-3']) {
      await ecr.push('lifecycle', tag, `content of ${tag}`)
      await ecr.world.advance(MINUTE)
    }
    const text = policy(
      rule(1, {
        tagStatus: 'tagged',
        tagPatternList: ['prod-*'],
        countType: 'sinceImagePushed',
        countUnit: 'days',
        countNumber: 30,
      }),
      rule(2, {
        tagStatus: 'tagged',
        tagPrefixList: ['dev'],
        countType: 'imageCountMoreThan',
        countNumber: 2,
      }),
      rule(3, { ...any, countNumber: 1 }),
    )
    expect(await refusal('get-lifecycle-policy-preview --repository-name lifecycle')).toMatch(
      /^LifecyclePolicyPreviewNotFoundException: /,
    )
    const started = await run(
      `start-lifecycle-policy-preview --repository-name lifecycle --lifecycle-policy-text ${text}`,
    )
    expect(started.status).toBe('IN_PROGRESS')
    await ecr.world.advance(MINUTE)
    const preview = await run('get-lifecycle-policy-preview --repository-name lifecycle')
    expect(preview).toMatchObject({ status: 'COMPLETE', summary: { expiringImageTotalCount: 1 } })
    expect(preview.previewResults).toEqual([
      expect.objectContaining({ imageTags: ['dev-1'], appliedRulePriority: 2, action: { type: 'EXPIRE' } }),
    ])
    expect(await tagsIn('lifecycle')).toHaveLength(5)

    await run(put('lifecycle', text))
    expect((await run('get-lifecycle-policy --repository-name lifecycle')).lastEvaluatedAt).toBeDefined()
    await ecr.world.advance(2 * MINUTE)
    expect(await tagsIn('lifecycle')).toEqual(['dev-2', 'dev-3', 'prod-1', 'prod-2'])
    await ecr.world.advance(30 * DAY)
    expect(await tagsIn('lifecycle')).toEqual(['dev-2', 'dev-3'])
    await run('delete-lifecycle-policy --repository-name lifecycle')
  })

  it('send images into the archive that nobody has pulled', async () => {
    await make('cold')
    await ecr.push('cold', 'v1', 'cold content')
    const action = { type: 'transition', targetStorageClass: 'archive' }
    await run(
      put(
        'cold',
        policy(
          rule(
            1,
            { tagStatus: 'any', countType: 'sinceImagePulled', countUnit: 'days', countNumber: 90 },
            action,
          ),
        ),
      ),
    )
    await ecr.world.advance(89 * DAY)
    expect(await tagsIn('cold')).toEqual(['v1'])
    await ecr.world.advance(2 * DAY)
    const { imageDetails } = await run('describe-images --repository-name cold --filter imageStatus=ARCHIVED')
    expect(imageDetails).toHaveLength(1)
  })
})

describe('policies', () => {
  const statement = (extra: object) =>
    json({
      Version: '2012-10-17',
      Statement: [{ Sid: 'x', Effect: 'Allow', Principal: '*', Action: 'ecr:*', ...extra }],
    })
  const OTHER = '444455556666'
  const OTHER_KEYS = { accessKeyId: 'AKIAOTHERACCOUNTADMN', secretAccessKey: 'only-for-tests' }
  beforeAll(async () => {
    bootstrapAccount(ecr.world, { accountId: OTHER, administrator: OTHER_KEYS })
    await make('shared')
    await ecr.push('shared', 'v1', 'shared content')
  })

  it('are checked', async () => {
    const invalid =
      "InvalidParameterException: Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'"
    const set = (text: string) => `set-repository-policy --repository-name shared --policy-text ${text}`
    expect(await refusal(set("'{}'"))).toBe(invalid)
    expect(await refusal(set(statement({ Resource: '*' })))).toBe(invalid)
    expect(await refusal(set(statement({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/nobody` } })))).toBe(
      invalid,
    )
    expect(await refusal(set(statement({ Effect: 'Deny' })))).toMatch(
      /prevent you from setting another policy/,
    )
  })

  it('let another account pull, and nothing else', async () => {
    const list = `list-images --registry-id ${ACCOUNT} --repository-name shared`
    expect(await refusal(list, OTHER_KEYS)).toBe(
      `AccessDeniedException: User: arn:aws:iam::${OTHER}:user/admin is not authorized to perform: ecr:ListImages on resource: arn:aws:ecr:us-east-1:${ACCOUNT}:repository/shared because no resource-based policy allows the ecr:ListImages action`,
    )
    const other = {
      arn: `arn:aws:iam::${OTHER}:user/admin`,
      accountId: OTHER,
      userId: 'AIDAOTHER',
      type: 'user' as const,
    }
    await expect(ecr.registry(other).manifest('shared', 'v1')).rejects.toThrow(
      'no resource-based policy allows the ecr:BatchGetImage action',
    )
    const actions = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:ListImages']
    await run(
      `set-repository-policy --repository-name shared --policy-text ${statement({ Principal: { AWS: `arn:aws:iam::${OTHER}:root` }, Action: actions })}`,
    )
    expect((await run(list, OTHER_KEYS)).imageIds).toHaveLength(1)
    expect((await ecr.registry(other).manifest('shared', 'v1')).mediaType).toContain('manifest')
    expect(
      await refusal(
        `batch-delete-image --registry-id ${ACCOUNT} --repository-name shared --image-ids imageTag=v1`,
        OTHER_KEYS,
      ),
    ).toMatch(/^AccessDeniedException: /)
    expect((await run('get-repository-policy --repository-name shared')).policyText).toContain(OTHER)
    await run('delete-repository-policy --repository-name shared')
  })

  it('of the registry hold for all its repositories', async () => {
    const invalid =
      "InvalidParameterException: Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid registry policy provided'"
    expect(await refusal(`put-registry-policy --policy-text ${statement({})}`)).toBe(invalid)
    const text = statement({
      Principal: { AWS: `arn:aws:iam::${OTHER}:root` },
      Action: 'ecr:ListImages',
      Resource: `arn:aws:ecr:us-east-1:${ACCOUNT}:repository/*`,
    })
    expect((await run(`put-registry-policy --policy-text ${text}`)).registryId).toBe(ACCOUNT)
    expect(
      (await run(`list-images --registry-id ${ACCOUNT} --repository-name shared`, OTHER_KEYS)).imageIds,
    ).toHaveLength(1)
    expect((await run('get-registry-policy')).policyText).toContain('ListImages')
    await run('delete-registry-policy')
  })

  it('decide on copies into another account', async () => {
    const configure = (...destinations: object[]) =>
      run(
        `put-replication-configuration --replication-configuration ${json({ rules: [{ destinations, repositoryFilters: [{ filter: 'copied', filterType: 'PREFIX_MATCH' }] }] })}`,
      )
    expect(
      await refusal(
        `put-replication-configuration --replication-configuration ${json({ rules: [{ destinations: [{ region: 'us-east-1', registryId: ACCOUNT }] }] })}`,
      ),
    ).toBe(
      "InvalidParameterException: Invalid parameter at 'replicationConfiguration' failed to satisfy constraint: 'Replication destination cannot be the same as the source registry'",
    )
    expect(
      await refusal(
        `put-replication-configuration --replication-configuration ${json({ rules: [{ destinations: [{ region: 'eu-nowhere-1', registryId: ACCOUNT }] }] })}`,
      ),
    ).toBe(
      "InvalidParameterException: Invalid parameter at 'replicationConfiguration' failed to satisfy constraint: 'Invalid replication destination region: eu-nowhere-1'",
    )
    await configure({ region: 'eu-west-1', registryId: ACCOUNT }, { region: 'us-east-1', registryId: OTHER })
    expect((await run('describe-registry')).replicationConfiguration.rules).toHaveLength(1)
    await make('copied/app')
    const status = async () =>
      Object.fromEntries(
        (
          await run('describe-image-replication-status --repository-name copied/app --image-id imageTag=v1')
        ).replicationStatuses.map((one: { region: string; status: string; failureCode?: string }) => [
          one.region,
          one.failureCode ?? one.status,
        ]),
      )
    const digest = await ecr.push('copied/app', 'v1', 'copied content')
    await ecr.world.advance(MINUTE)
    expect(await status()).toEqual({ 'eu-west-1': 'COMPLETE', 'us-east-1': 'AccessDenied' })
    expect(
      (await run('describe-images --region eu-west-1 --repository-name copied/app')).imageDetails[0],
    ).toMatchObject({ imageDigest: digest, imageTags: ['v1'] })
    expect((await ecr.registry(administrator, 'eu-west-1').manifest('copied/app', 'v1')).digest).toBe(digest)

    const text = statement({
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      Action: ['ecr:CreateRepository', 'ecr:ReplicateImage'],
      Resource: `arn:aws:ecr:us-east-1:${OTHER}:repository/*`,
    })
    await run(`put-registry-policy --policy-text ${text}`, OTHER_KEYS)
    await ecr.push('copied/app', 'v1', 'copied content')
    await ecr.world.advance(MINUTE)
    expect(await status()).toEqual({ 'eu-west-1': 'COMPLETE', 'us-east-1': 'COMPLETE' })
    expect((await run('list-images --repository-name copied/app', OTHER_KEYS)).imageIds).toHaveLength(1)
    // What was pushed before is brought along by a backfill, which this CLI does not know yet.
    const sdk = new ECRClient(ecr.client())
    const destination = { region: 'eu-west-1', registryId: ACCOUNT }
    const started = await sdk.send(new StartReplicationBackfillCommand({ destination }))
    expect(started.status).toBe('PREPARING')
    await ecr.world.advance(MINUTE)
    const { replicationBackfillId } = started
    const done = await sdk.send(new DescribeReplicationBackfillResultsCommand({ replicationBackfillId }))
    expect(done.status).toBe('COMPLETE')
    expect(done.progress).toMatchObject({ completedReplicationCount: 1, failedReplicationCount: 0 })
    expect((await sdk.send(new ListReplicationBackfillsCommand())).backfills).toHaveLength(1)
    await expect(sdk.send(new StopReplicationBackfillCommand({ replicationBackfillId }))).rejects.toThrow(
      'because its status is COMPLETE',
    )
    await run('put-replication-configuration --replication-configuration \'{"rules":[]}\'')
  })
})

describe('scans', () => {
  it('on push find what is in the image’s files; a second one a day is refused', async () => {
    await make('scanned', { imageScanningConfiguration: { scanOnPush: true } })
    await ecr.copyOfficial('nginx:1.27', 'scanned', 'v1')
    await ecr.world.advance(MINUTE)
    const { imageScanStatus, imageScanFindings } = await run(
      'describe-image-scan-findings --repository-name scanned --image-id imageTag=v1',
    )
    expect(imageScanStatus).toEqual({
      status: 'COMPLETE',
      description: 'The scan was completed successfully.',
    })
    expect(imageScanFindings.findings.map((finding: { name: string }) => finding.name)).toContain(
      'CVE-2025-53859',
    )
    expect(imageScanFindings.findings[0].attributes.map((one: { key: string }) => one.key)).toContain(
      'package_version',
    )
    expect(imageScanFindings.findingSeverityCounts.LOW).toBeGreaterThan(0)
    expect(
      (await run('describe-images --repository-name scanned')).imageDetails[0].imageScanFindingsSummary
        .findingSeverityCounts,
    ).toEqual(imageScanFindings.findingSeverityCounts)
    const start = 'start-image-scan --repository-name scanned --image-id imageTag=v1'
    expect(await refusal(start)).toBe(
      'LimitExceededException: The scan quota per image has been exceeded. Wait and try again.',
    )
    await ecr.world.advance(DAY)
    expect((await run(start)).imageScanStatus.status).toBe('IN_PROGRESS')
  })

  it('fail on what has no operating system, and are missing where none was asked for', async () => {
    await make('unscanned')
    await ecr.push('unscanned', 'v1', 'no archive')
    const describe = 'describe-image-scan-findings --repository-name unscanned --image-id imageTag=v1'
    expect(await refusal(describe)).toBe(
      `ScanNotFoundException: Image scan does not exist for the image with '{imageDigest:'null', imageTag:'v1'}' in the repository with name 'unscanned' in the registry with id '${ACCOUNT}'`,
    )
    await run('start-image-scan --repository-name unscanned --image-id imageTag=v1')
    await ecr.world.advance(MINUTE)
    expect((await run(describe)).imageScanStatus).toEqual({
      status: 'FAILED',
      description: "UnsupportedImageError: The operating system '' version '' is not supported.",
    })
    await run(
      'put-image-scanning-configuration --repository-name unscanned --image-scanning-configuration scanOnPush=true',
    )
  })

  it('follow the registry’s configuration: enhanced and continuous', async () => {
    const filters = [{ filter: 'continuous*', filterType: 'WILDCARD' }]
    const rules = (scanFrequency: string) => json([{ scanFrequency, repositoryFilters: filters }])
    expect(
      await refusal(
        `put-registry-scanning-configuration --scan-type BASIC --rules ${rules('CONTINUOUS_SCAN')}`,
      ),
    ).toMatch(/not supported for scan type BASIC/)
    await run(`put-registry-scanning-configuration --scan-type ENHANCED --rules ${rules('CONTINUOUS_SCAN')}`)
    expect((await run('get-registry-scanning-configuration')).scanningConfiguration.scanType).toBe('ENHANCED')
    await make('continuous')
    const { scanningConfigurations, failures } = await run(
      'batch-get-repository-scanning-configuration --repository-names continuous none',
    )
    expect(scanningConfigurations[0]).toMatchObject({
      scanFrequency: 'CONTINUOUS_SCAN',
      appliedScanFilters: filters,
    })
    expect(failures[0].failureCode).toBe('REPOSITORY_NOT_FOUND')
    await ecr.copyOfficial('nginx:1.27', 'continuous', 'v1')
    await ecr.world.advance(MINUTE)
    const found = await run(
      'describe-image-scan-findings --repository-name continuous --image-id imageTag=v1',
    )
    expect(found.imageScanStatus.status).toBe('ACTIVE')
    expect(found.imageScanFindings.enhancedFindings[0]).toMatchObject({
      type: 'PACKAGE_VULNERABILITY',
      status: 'ACTIVE',
      fixAvailable: expect.stringMatching('YES|NO'),
    })
    expect(await refusal('start-image-scan --repository-name continuous --image-id imageTag=v1')).toBe(
      'ValidationException: This feature is disabled',
    )
    await run('put-registry-scanning-configuration --scan-type BASIC')
  })
})

describe('pull through caches and creation templates', () => {
  it('bring public images in at the first pull, into repositories made by the template', async () => {
    const created = await run(
      'create-pull-through-cache-rule --ecr-repository-prefix ecr-public --upstream-registry-url public.ecr.aws',
    )
    expect(created).toMatchObject({ upstreamRegistry: 'ecr-public', upstreamRepositoryPrefix: 'ROOT' })
    const template = 'repository-creation-template --prefix ecr-public'
    await run(`create-${template} --applied-for PULL_THROUGH_CACHE --image-tag-mutability IMMUTABLE`)
    expect(await refusal(`create-${template} --applied-for REPLICATION`)).toMatch(
      /^TemplateAlreadyExistsException: /,
    )
    const { digest } = await ecr.registry().manifest('ecr-public/docker/library/busybox', 'latest')
    const { imageDetails } = await run(
      'describe-images --repository-name ecr-public/docker/library/busybox --image-ids imageTag=latest',
    )
    expect(imageDetails[0].imageDigest).toBe(digest)
    expect(
      (await run('describe-repositories --repository-names ecr-public/docker/library/busybox'))
        .repositories[0].imageTagMutability,
    ).toBe('IMMUTABLE')
    await expect(ecr.registry().manifest('ecr-public/docker/library/nope', 'latest')).rejects.toMatchObject({
      status: 404,
    })
    expect((await run('validate-pull-through-cache-rule --ecr-repository-prefix ecr-public')).isValid).toBe(
      true,
    )
    expect((await run('describe-pull-through-cache-rules')).pullThroughCacheRules).toHaveLength(1)
    expect(
      (await run(`update-${template} --image-tag-mutability MUTABLE`)).repositoryCreationTemplate
        .imageTagMutability,
    ).toBe('MUTABLE')
    expect((await run('describe-repository-creation-templates')).repositoryCreationTemplates).toHaveLength(1)
    await run(`delete-${template}`)
    expect(await refusal(`delete-${template}`)).toMatch(/^TemplateNotFoundException: /)
    await run('delete-pull-through-cache-rule --ecr-repository-prefix ecr-public')
  })

  it('want credentials for Docker Hub, from a secret, and pull with them', async () => {
    const create =
      'create-pull-through-cache-rule --ecr-repository-prefix docker-hub --upstream-registry-url registry-1.docker.io'
    expect(await refusal(create)).toMatch(/^InvalidParameterException: Invalid parameter at 'credentialArn'/)
    const none = `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:ecr-pullthroughcache/none-AbCdEf`
    expect(await refusal(`${create} --credential-arn ${none}`)).toMatch(
      /^SecretNotFoundException: The ARN of the secret/,
    )
    await ecr.hosts.openHubAccount({ username: 'learner', password: 'secret' })
    const value = json({ username: 'learner', accessToken: 'secret' })
    const { ARN } = await ecr.command(
      'secretsmanager',
      `create-secret --name ecr-pullthroughcache/hub --secret-string ${value}`,
    )
    await run(`${create} --credential-arn ${ARN}`)
    expect((await run('validate-pull-through-cache-rule --ecr-repository-prefix docker-hub')).isValid).toBe(
      true,
    )
    await ecr.registry().manifest('docker-hub/library/busybox', '1.37')
    expect(
      (await run('list-images --repository-name docker-hub/library/busybox')).imageIds.length,
    ).toBeGreaterThan(1)
    await run(`update-pull-through-cache-rule --ecr-repository-prefix docker-hub --credential-arn ${ARN}`)
    expect(
      (await run('describe-pull-through-cache-rules --ecr-repository-prefixes docker-hub'))
        .pullThroughCacheRules[0].credentialArn,
    ).toBe(ARN)
  })

  it('let a push make its repository', async () => {
    await expect(ecr.push('pushed/app', 'v1', 'x')).rejects.toThrow(
      "The repository with name 'pushed/app' does not exist",
    )
    await run('create-repository-creation-template --prefix pushed --applied-for CREATE_ON_PUSH')
    await ecr.push('pushed/app', 'v1', 'x')
    expect((await run('describe-repositories --repository-names pushed/app')).repositories).toHaveLength(1)
  })
})

describe('account settings', () => {
  it('are kept; layers are mounted only when the account says so', async () => {
    expect(await run('get-account-setting --name BASIC_SCAN_TYPE_VERSION')).toEqual({
      name: 'BASIC_SCAN_TYPE_VERSION',
      value: 'AWS_NATIVE',
    })
    await make('from')
    await make('to')
    await ecr.push('from', 'v1', 'mounted content')
    const size = Buffer.byteLength('mounted content')
    const descriptor = { mediaType: 'x', digest: digestOf('mounted content'), size }
    const mount = () =>
      ecr.registry().pushBlob(
        'to',
        descriptor,
        async function* () {
          yield Buffer.from('mounted content')
        },
        'from',
      )
    expect(await mount()).toBe('uploaded')
    await run('put-account-setting --name BLOB_MOUNTING --value ENABLED')
    expect(await mount()).toBe('mounted')
  })
})

describe('managed signing', () => {
  const profile = `arn:aws:signer:us-east-1:${ACCOUNT}:/signing-profiles/lab`
  const sign = (rules: SigningRule[]) =>
    new ECRClient(ecr.client()).send(new PutSigningConfigurationCommand({ signingConfiguration: { rules } }))
  const statuses = async (repositoryName: string) =>
    (
      await new ECRClient(ecr.client()).send(
        new DescribeImageSigningStatusCommand({ repositoryName, imageId: { imageTag: 'v1' } }),
      )
    ).signingStatuses

  it('stores a signature that verifies beside every image that is pushed to a repository of a rule', async () => {
    const put = 'put-signing-profile --profile-name lab --platform-id Notation-OCI-SHA384-ECDSA'
    const made = await ecr.command('signer', put)
    expect(made).toMatchObject({ arn: profile, profileVersionArn: `${profile}/${made.profileVersion}` })
    expect(await ecr.command('signer', 'get-signing-profile --profile-name lab')).toMatchObject({
      platformDisplayName: 'Notation for Container Registries',
      signatureValidityPeriod: { value: 135, type: 'MONTHS' },
      status: 'Active',
    })
    await sign([
      {
        signingProfileArn: profile,
        repositoryFilters: [{ filter: 'signed*', filterType: 'WILDCARD_MATCH' }],
      },
    ])
    for (const repository of ['signed', 'unsigned']) await make(repository)
    const digest = await ecr.push('signed', 'v1', 'to be signed')
    await ecr.push('unsigned', 'v1', 'to be signed')
    await ecr.world.advance(MINUTE)
    expect(await statuses('signed')).toEqual([{ signingProfileArn: profile, status: 'COMPLETE' }])
    expect(await statuses('unsigned')).toEqual([])

    const { referrers } = await run(
      `list-image-referrers --repository-name signed --subject-id imageDigest=${digest}`,
    )
    expect(referrers).toMatchObject([{ artifactType: 'application/vnd.cncf.notary.signature' }])
    const registry = ecr.registry()
    const { bytes } = await registry.manifest('signed', referrers[0].digest)
    const { subject, layers, config } = JSON.parse(bytes.toString())
    expect([subject.digest, config.mediaType, layers[0].mediaType]).toEqual([
      digest,
      'application/vnd.oci.empty.v1+json',
      'application/jose+json',
    ])
    const envelope = JSON.parse((await buffer(await registry.blob('signed', layers[0].digest))).toString())
    const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    expect(decoded(envelope.payload).targetArtifact.digest).toBe(digest)
    expect(decoded(envelope.protected)).toMatchObject({
      alg: 'ES384',
      'com.amazonaws.signer.signingProfileVersion': `${profile}/${made.profileVersion}`,
    })
    const [leaf, root] = envelope.header.x5c.map(
      (der: string) => new X509Certificate(Buffer.from(der, 'base64')),
    )
    expect(leaf.verify(root.publicKey)).toBe(true)
    const signed = Buffer.from(`${envelope.protected}.${envelope.payload}`)
    expect(
      verify(
        'sha384',
        signed,
        { key: leaf.publicKey, dsaEncoding: 'ieee-p1363' },
        Buffer.from(envelope.signature, 'base64url'),
      ),
    ).toBe(true)
  })

  it('fails with a profile that is canceled or missing, and without the right of who pushes', async () => {
    await ecr.command('signer', 'cancel-signing-profile --profile-name lab')
    expect((await ecr.command('signer', 'list-signing-profiles')).profiles).toEqual([])
    await sign([{ signingProfileArn: profile }, { signingProfileArn: `${profile}_none` }])
    await make('failing')
    await ecr.push('failing', 'v1', 'not signed')
    await ecr.world.advance(MINUTE)
    expect(await statuses('failing')).toMatchObject([
      { status: 'FAILED', failureReason: 'The signing profile lab is canceled.' },
      { status: 'FAILED', failureReason: 'The signing profile was not found.' },
    ])
    const more = { profileName: 'more', platformId: 'Notation-OCI-SHA384-ECDSA' }
    await new SignerClient(ecr.client()).send(new PutSigningProfileCommand(more))
    await sign([{ signingProfileArn: profile.replace('lab', 'more') }])
    await ecr.command('iam', 'create-user --user-name bot')
    const statement = { Effect: 'Allow', Action: 'ecr:*', Resource: '*' }
    await ecr.command(
      'iam',
      `put-user-policy --user-name bot --policy-name push --policy-document ${json({ Version: '2012-10-17', Statement: [statement] })}`,
    )
    await make('by-bot')
    const bot = { ...administrator, arn: `arn:aws:iam::${ACCOUNT}:user/bot` }
    await ecr.push('by-bot', 'v1', 'by a bot', {}, bot)
    await ecr.world.advance(MINUTE)
    expect(await statuses('by-bot')).toMatchObject([
      { failureReason: expect.stringContaining('not authorized to perform: signer:SignPayload') },
    ])
    expect(await run('delete-signing-configuration')).toMatchObject({ registryId: ACCOUNT })
  })
})
