/** What was sent is not what its digest promised; nothing was stored. */
export class DigestMismatchError extends Error {
  override readonly name = 'DigestMismatchError'
  constructor(expected: string, actual: string) {
    super(`expected digest ${expected}, got ${actual}`)
  }
}

/** An append that does not start where the upload ends. */
export class UploadOffsetError extends Error {
  override readonly name = 'UploadOffsetError'
  readonly size: number
  constructor(size: number) {
    super(`upload is at offset ${size}`)
    this.size = size
  }
}

/** Another request has gone on with the upload; what this one brings afterwards is not taken. */
export class UploadTakenOverError extends Error {
  override readonly name = 'UploadTakenOverError'
  constructor() {
    super('another request has taken over this upload')
  }
}

/** Whether an error of a write says that there is no room: the disk is full or a quota is used up. */
export function isDiskFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return code === 'ENOSPC' || code === 'EDQUOT'
}
