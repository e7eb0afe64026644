import { z } from 'zod'
import { MAX_COLUMNS, MAX_ROWS } from './limits.ts'

/**
 * The terminal's WebSocket, `GET /api/terminals/:terminal/socket`. Shared by server and page.
 *
 * Binary frames are the terminal's bytes, output downwards and input upwards; text frames are JSON messages.
 *
 *     page                                            server
 *     ── attach {ticket, columns, rows, received?} ─▶         first message, within 5 s of the upgrade
 *     ◀────────────── attached {screen? or resume, offset} ──
 *     ◀──────────────────────────────── output (binary) ────  from byte `offset` on
 *     ── ack {offset}, after xterm has parsed ─────────────▶
 *     ── input (binary), resize {columns, rows} ───────────▶
 *     ◀────────────────────────── accepted {bytes} ─────────  as the shell takes the input
 *     ◀────────────────────── exit {code}, error {…} ───────
 *
 * Output is counted in bytes from the terminal's start; that count is the `offset`. A page that still has its
 * xterm says how far it got (`received`: bytes handed to xterm) and goes on from there (no `screen`). A page
 * that was reloaded, or fell too far behind, gets the `screen`: it resets xterm, writes `screen`, and goes on.
 *
 * Until the page has parsed up to `replayed`, what xterm says on its own (answers to queries such as DA or CPR in
 * old output) must not reach the shell: the page need not care, the server drops such answers.
 */

const columns = z.int().min(2).max(MAX_COLUMNS)
const rows = z.int().min(1).max(MAX_ROWS)

export const attachMessage = z.strictObject({
  type: z.literal('attach'),
  /** From `POST /api/terminals/:terminal/ticket`; single use, 30 s. */
  ticket: z.string().max(128),
  columns,
  rows,
  /** How many bytes of output were handed to the xterm that the page still has; left out by a fresh page. */
  received: z.int().min(0).optional(),
})

export const clientMessage = z.discriminatedUnion('type', [
  attachMessage,
  z.strictObject({ type: z.literal('ack'), offset: z.int().min(0) }),
  z.strictObject({ type: z.literal('resize'), columns, rows }),
])

export type AttachMessage = z.infer<typeof attachMessage>
/** What a page sends as text. */
export type ClientMessage = z.infer<typeof clientMessage>

/** What the server sends as text. */
export type ServerMessage =
  | {
      type: 'attached'
      /** What to write to a reset xterm before the output that follows; absent when the page goes on where it was. */
      screen?: string
      /** The count of the first byte of output that follows. */
      offset: number
      /** Output up to this count was made before the attachment. */
      replayed: number
      running: boolean
    }
  /** Somebody who looks on is told the size that the terminal has, before its screen and at each change. */
  | { type: 'size'; columns: number; rows: number }
  /** How many bytes of this connection's input the shell has taken, in all. */
  | { type: 'accepted'; bytes: number }
  /** The shell ended; nothing follows. */
  | { type: 'exit'; code: number; signal?: number }
  | { type: 'error'; code: TerminalErrorCode; what: string; next?: string }

/**
 * Why a connection ends. After `ticket-refused` get a new ticket and connect again; after `taken-over` (the terminal
 * was opened in another place) only if the person asks for it; `terminal-unknown` will not come back;
 * `restarting`: connect again with a pause; `protocol`, `input-overflow`: a fault in the page.
 */
export type TerminalErrorCode =
  | 'ticket-refused'
  | 'taken-over'
  | 'terminal-unknown'
  | 'restarting'
  | 'protocol'
  | 'input-overflow'

/** WebSocket close codes that go with the errors (4000-4999 are an application's own). */
export const CLOSE_CODES: Record<TerminalErrorCode | 'exit' | 'silent', number> = {
  exit: 1000,
  protocol: 1002,
  restarting: 1012,
  'ticket-refused': 4401,
  'terminal-unknown': 4404,
  silent: 4408,
  'taken-over': 4409,
  'input-overflow': 4413,
}
