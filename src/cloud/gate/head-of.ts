import type { Socket } from 'node:net'

/**
 * Reads the beginning of what a connection says, up to and with `marker`; the rest stays to be read. Rejects when the connection ends
 * before that, or the beginning is longer than `limit` bytes.
 */
export function headOf(socket: Socket, marker: string, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0)
    const done = () => {
      socket.off('readable', read).off('end', ended).off('close', ended)
    }
    const ended = () => {
      done()
      reject(new Error('the connection ended'))
    }
    const read = () => {
      for (let piece = socket.read(); piece !== null; piece = socket.read()) {
        head = Buffer.concat([head, piece as Buffer])
        const at = head.indexOf(marker)
        if (at === -1 && head.length <= limit) continue
        done()
        if (at === -1) return reject(new Error(`a beginning of more than ${limit} bytes`))
        const end = at + marker.length
        if (end < head.length) socket.unshift(head.subarray(end))
        return resolve(head.subarray(0, end))
      }
    }
    socket.on('readable', read).on('end', ended).on('close', ended)
  })
}
