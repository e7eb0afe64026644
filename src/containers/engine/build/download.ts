import { ConnectError } from '#network/virtual-network.ts'
import { type HostTransport, NoSuchHostError, readAnswer } from '../../images/transport.ts'
import { badRequest } from '../api.ts'

/** A file that ADD takes from the network. */
export interface Download {
  name: string
  content: Buffer
  /** ms; 0 when the server does not say. */
  mtime: number
}

/** Fetches a URL from the lab network. Throws EngineError: nothing outside of it can be reached. */
export async function download(transport: HostTransport, url: string): Promise<Download> {
  const name = new URL(url).pathname.split('/').pop() ?? ''
  try {
    const answer = await transport.send(url)
    const content = await readAnswer(answer)
    if (answer.statusCode! >= 400)
      throw badRequest(
        `ADD failed: failed to GET ${url} with status ${answer.statusCode} ${answer.statusMessage}: ${content}`,
      )
    if (name === '') throw badRequest(`ADD failed: cannot determine filename from url: ${url}`)
    return { name, content, mtime: Date.parse(String(answer.headers['last-modified'])) || 0 }
  } catch (error) {
    if (!(error instanceof NoSuchHostError || error instanceof ConnectError)) throw error
    throw badRequest(
      `drydock: ADD ${url}: the simulation reaches only hosts of the lab network (${error.message}); put the file into the build context`,
    )
  }
}
