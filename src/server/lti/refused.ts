/** A launch that is not let in; the text is for the log, and names no person. */
export class LaunchRefused extends Error {
  override readonly name = 'LaunchRefused'
}
