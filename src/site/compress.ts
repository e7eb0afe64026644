import { glob, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

/** From here on, bytes, compression saves a packet. */
const WORTH = 1_000

const brotli = (bytes: Buffer) =>
  // One below the last takes a tenth of its time and gives some per cent more.
  promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })

/** The encodings that pages and assets are kept in, best first, with the endings of their files. */
export const ENCODINGS = {
  br: { ending: '.br', encode: brotli },
  gzip: { ending: '.gz', encode: (bytes: Buffer) => promisify(gzip)(bytes, { level: 9 }) },
}

/** Puts beside the texts of a built site what they are compressed; pages are compressed where they are served, as the server completes them. */
export async function compressFiles(folder: string): Promise<void> {
  for await (const name of glob('**/*.{css,js,json,svg,txt,webmanifest,xml}', { cwd: folder })) {
    const bytes = await readFile(join(folder, name))
    if (bytes.length < WORTH) continue
    for (const { ending, encode } of Object.values(ENCODINGS))
      await writeFile(join(folder, name + ending), await encode(bytes))
  }
}
