/** Raised when the messages below change: a pty-host of another version is replaced, with its terminals. */
export const HOST_VERSION = 5

/** What to run in a new terminal. */
export interface TerminalSpec {
  id: string
  file: string
  arguments: string[]
  /** The whole environment. */
  environment: Record<string, string>
  folder: string
  /** Run it in a network of its own; this machine's when left out. */
  network?: NetworkSpec
  columns: number
  rows: number
  /** Keep what it shows in files whose paths begin so; see `recording.ts`. */
  record?: string
}

/** A loopback of its own, see sandbox/network.ts. */
export interface NetworkSpec {
  /** Terminals of the same id share it. */
  id: string
  /** Ports that lead to the same ports of this machine. */
  ports: number[]
}

export interface HostedTerminalInfo {
  id: string
  pid: number
  /** Set once the shell has ended. */
  exit?: TerminalExit
}

export interface TerminalExit {
  code: number
  signal?: number
}

/** What a server sends; the first message makes the connection one for control, one terminal's attachment, or one to a port of a network. */
export type HostRequest =
  | { op: 'hello' }
  | { op: 'spawn'; request: number; terminal: TerminalSpec }
  | { op: 'end'; request: number; terminal: string }
  | { op: 'stop' }
  | { op: 'attach'; terminal: string; columns: number; rows: number; received?: number }
  /** To look on, without taking it over. */
  | { op: 'watch'; terminal: string }
  | { op: 'dial'; network: string; port: number }

/** What a server sends over an attachment, beside the input's bytes. */
export type AttachmentRequest =
  | { op: 'ack'; offset: number }
  | { op: 'resize'; columns: number; rows: number }

/** What a pty-host answers to `dial`; after `dialled` the connection carries the bytes of the port and nothing else. */
export type DialAnswer = { answer: 'dialled' } | { answer: 'failed'; what: string }

/** What a pty-host answers over a control connection. */
export type HostAnswer =
  | { answer: 'hello'; version: number; pid: number; terminals: HostedTerminalInfo[] }
  | { answer: 'done'; request: number; terminal?: HostedTerminalInfo }
  | { answer: 'failed'; request: number; what: string }
  | { answer: 'exit'; terminal: string; exit: TerminalExit }
