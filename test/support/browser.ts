import { createReadStream, createWriteStream } from 'node:fs'
import { access, chmod, mkdir, rename } from 'node:fs/promises'
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
    executablePath: process.env.DRYDOCK_CHROMIUM ?? (await unpackChromium()),
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

/** The path of the unpacked browser. Unpacks it once; two at a time do no harm, as the last step is a rename. */
async function unpackChromium(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  const packed = join(
    entry.slice(0, entry.lastIndexOf('@sparticuz/chromium')),
    '@sparticuz/chromium/bin/chromium.br',
  )
  const target = join(cache, 'chromium')
  if (
    await access(target).then(
      () => true,
      () => false,
    )
  )
    return target
  await mkdir(dirname(target), { recursive: true })
  const part = `${target}.${process.pid}`
  await pipeline(createReadStream(packed), createBrotliDecompress(), createWriteStream(part))
  await chmod(part, 0o755)
  await rename(part, target)
  return target
}
