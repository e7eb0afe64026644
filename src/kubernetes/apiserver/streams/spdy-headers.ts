import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib'

// The compression dictionary that SPDY/3 fixes (draft-mbelshe-httpbis-spdy-00, section 2.6.10.1): words with their
// lengths in front, then loose text.
const WORDS =
  'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get status|200 OK|version HTTP/1.1 url public set-cookie keep-alive origin'
const TEXT =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.'

function words(): string[] {
  return WORDS.split('|').flatMap((part, index) => (index === 1 ? [part] : part.split(' ')))
}

const length = (size: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(size)
  return bytes
}

const DICTIONARY = Buffer.concat([
  ...words().flatMap((word) => [length(word.length), Buffer.from(word)]),
  Buffer.from(TEXT),
])

/** A header block that unpacks to more, bytes, is no header block. */
const LARGEST_BLOCK = 64 * 1024

export type Headers = Record<string, string>

/** Reads and writes the header blocks of one connection; each direction is one compressed stream, so calls must not overlap. */
export class HeaderCodec {
  readonly #inflate: Inflate = createInflate({ dictionary: DICTIONARY })
  readonly #deflate: Deflate = createDeflate({ dictionary: DICTIONARY })

  constructor() {
    // What goes wrong between two calls, as when the connection ends, is nobody's affair.
    for (const codec of [this.#inflate, this.#deflate]) codec.on('error', () => {})
  }

  /** Rejects on a block that is broken or too large. */
  async decode(block: Buffer): Promise<Headers> {
    const text = await through(this.#inflate, block)
    const headers: Headers = {}
    let at = 4
    const part = () => {
      const size = text.readUInt32BE(at)
      const value = text.toString('utf8', at + 4, at + 4 + size)
      at += 4 + size
      return value
    }
    for (let left = text.readUInt32BE(0); left > 0; left--) {
      const name = part()
      headers[name.toLowerCase()] = part()
    }
    return headers
  }

  encode(headers: Headers): Promise<Buffer> {
    const entries = Object.entries(headers)
    const parts = entries.flat().flatMap((text) => [length(Buffer.byteLength(text)), Buffer.from(text)])
    return through(this.#deflate, Buffer.concat([length(entries.length), ...parts]))
  }

  close(): void {
    this.#inflate.destroy()
    this.#deflate.destroy()
  }
}

/** What comes out of a compressor for one input. Rejects when it fails, is closed, or gives too much. */
function through(codec: Inflate | Deflate, input: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  return new Promise<Buffer>((resolve, reject) => {
    const collect = (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > LARGEST_BLOCK) settle(() => reject(new Error('a header block is too large')))
    }
    const fail = (error?: Error) => settle(() => reject(error ?? new Error('the connection is closed')))
    const settle = (how: () => void) => {
      codec.off('data', collect).off('error', fail).off('close', fail)
      how()
    }
    codec.on('data', collect).on('error', fail).on('close', fail)
    codec.write(input)
    codec.flush(constants.Z_SYNC_FLUSH, () => settle(() => resolve(Buffer.concat(chunks))))
  })
}
