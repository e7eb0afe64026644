import { request } from 'node:http'
import { json } from 'node:stream/consumers'

const TIMEOUT_MS = 5_000

/** What a Docker Engine on a unix socket answers a GET; undefined for its 404. Throws for another failure. */
export function engineAnswer<Answer>(dockerHost: string, path: string): Promise<Answer | undefined> {
  const socketPath = dockerHost.replace(/^unix:\/\//, '')
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      const { statusCode = 0 } = response
      json(response).then((body) => {
        if (statusCode === 404) return resolve(undefined)
        if (statusCode >= 400) return reject(new Error((body as { message?: string }).message))
        resolve(body as Answer)
      }, reject)
    })
    call.on('error', reject)
    call.end()
  })
}
