import { createReadStream, createWriteStream } from 'node:fs'
import { access, chmod, mkdir, readFile, rename } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { createBrotliDecompress } from 'node:zlib'
import { type Browser, chromium } from 'playwright-core'

const cache = fileURLToPath(new URL('../../node_modules/.cache/drydock/', import.meta.url))

/** Starts the browser that the npm packages carry, headless and without any request of its own. `more`: further flags. */
export async function launchBrowser(more: string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: await browserPath(),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  })
}

/** The browser of the tests: DRYDOCK_CHROMIUM, or the one in the npm packages. */
export async function browserPath(): Promise<string> {
  return process.env.DRYDOCK_CHROMIUM ?? (await unpackChromium())
}

/** Unpacks the npm packages' browser once for each of its versions; two at a time do no harm, as the last step is a rename. */
async function unpackChromium(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  const folder = join(entry.slice(0, entry.lastIndexOf('@sparticuz/chromium')), '@sparticuz/chromium')
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const target = join(cache, `chromium-${version}`)
  if (
    await access(target).then(
      () => true,
      () => false,
    )
  )
    return target
  await mkdir(dirname(target), { recursive: true })
  const part = `${target}.${process.pid}`
  const packed = createReadStream(join(folder, 'bin/chromium.br'))
  await pipeline(packed, createBrotliDecompress(), createWriteStream(part))
  await chmod(part, 0o755)
  await rename(part, target)
  return target
}
