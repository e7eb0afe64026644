import { createHash, randomBytes } from 'node:crypto'

// The binary messages of Session Manager's data channel. Models https://github.com/aws/session-manager-plugin src/message (read 2026-11).

export type MessageType = 'input_stream_data' | 'output_stream_data' | 'acknowledge' | 'channel_closed'

export const PAYLOAD = {
  output: 1,
  size: 3,
  handshakeRequest: 5,
  handshakeResponse: 6,
  handshakeComplete: 7,
  flag: 10,
} as const

export interface SessionMessage {
  type: MessageType | string
  sequence: number
  /** 16 bytes. */
  id: Buffer
  payloadType: number
  payload: Buffer
}

/** Offsets of a message's fields; the payload follows its length. */
const TYPE = 4
const SCHEMA = 36
const CREATED = 40
const SEQUENCE = 48
const FLAGS = 56
const ID = 64
const DIGEST = 80
const PAYLOAD_TYPE = 112
const PAYLOAD_LENGTH = 116
const PAYLOAD_START = 120

/** A message as bytes; `now` is its date, ms. */
export function encodeMessage(
  type: MessageType,
  now: number,
  { sequence = 0, payloadType = 0, payload }: { sequence?: number; payloadType?: number; payload: Buffer },
): Buffer {
  const bytes = Buffer.alloc(PAYLOAD_START + payload.length)
  bytes.writeUInt32BE(PAYLOAD_LENGTH, 0)
  bytes.write(type.padEnd(SCHEMA - TYPE), TYPE)
  bytes.writeUInt32BE(1, SCHEMA)
  bytes.writeBigUInt64BE(BigInt(Math.floor(now)), CREATED)
  bytes.writeBigInt64BE(BigInt(sequence), SEQUENCE)
  // An acknowledgement is first and last of its stream: SYN and FIN.
  bytes.writeBigUInt64BE(type === 'acknowledge' ? 3n : 0n, FLAGS)
  uuidBytes().copy(bytes, ID)
  createHash('sha256').update(payload).digest().copy(bytes, DIGEST)
  bytes.writeUInt32BE(payloadType, PAYLOAD_TYPE)
  bytes.writeUInt32BE(payload.length, PAYLOAD_LENGTH)
  payload.copy(bytes, PAYLOAD_START)
  return bytes
}

/** Reads a message; undefined: these bytes are none, or their digest is wrong. */
export function decodeMessage(bytes: Buffer): SessionMessage | undefined {
  if (bytes.length < PAYLOAD_START) return undefined
  const start = bytes.readUInt32BE(0) + 4
  if (start < PAYLOAD_START || start > bytes.length) return undefined
  const payload = bytes.subarray(start)
  const digest = createHash('sha256').update(payload).digest()
  if (payload.length > 0 && !digest.equals(bytes.subarray(DIGEST, PAYLOAD_TYPE))) return undefined
  return {
    type: bytes.toString('utf8', TYPE, SCHEMA).replaceAll('\0', '').trim(),
    sequence: Number(bytes.readBigInt64BE(SEQUENCE)),
    id: bytes.subarray(ID, DIGEST),
    payloadType: bytes.readUInt32BE(PAYLOAD_TYPE),
    payload,
  }
}

/** The message that tells the sender of another that it has arrived. */
export function acknowledgement(now: number, { type, sequence, id }: SessionMessage): Buffer {
  const content = {
    AcknowledgedMessageType: type,
    AcknowledgedMessageId: uuidText(id),
    AcknowledgedMessageSequenceNumber: sequence,
    IsSequentialMessage: true,
  }
  return encodeMessage('acknowledge', now, { payload: Buffer.from(JSON.stringify(content)) })
}

/** The wire has a UUID's halves in the other order. */
function uuidText(id: Buffer): string {
  const hex = Buffer.concat([id.subarray(8), id.subarray(0, 8)]).toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The identity of a message, a version 4 UUID; nothing of the world depends on it. */
function uuidBytes(): Buffer {
  const bytes = randomBytes(16)
  bytes[14] = (bytes[14]! & 0x0f) | 0x40
  bytes[0] = (bytes[0]! & 0x3f) | 0x80
  return bytes
}
