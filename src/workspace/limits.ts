// Apart from the protocol's schemas, so that a page can have these without them.

/** Output that may be under way unacknowledged, in bytes: above `high` the server stops reading the terminal. */
export const WATERMARKS = { high: 400_000, low: 100_000 } as const

/** The page acknowledges after at most so many parsed bytes, so that a stopped terminal always starts again. */
export const ACK_EVERY = 50_000

/** Input that may be under way not `accepted`, in bytes; a longer paste waits in the page. More ends the connection. */
export const INPUT_WINDOW = 64 * 1024

/** `accepted` is sent at the latest after so many bytes of input. */
export const ACCEPT_EVERY = 8 * 1024

/** The largest frame a page may send, in bytes: one more than this closes the connection with code 1009. */
export const MAX_FRAME = 32 * 1024

/** A silent connection is dropped after so many ms. */
export const ATTACH_TIMEOUT = 5_000

export const MAX_COLUMNS = 500
export const MAX_ROWS = 300
