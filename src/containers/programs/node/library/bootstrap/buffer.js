// --- Buffer
const utf8 = {
  encode(text) {
    const bytes = []
    for (const char of text) {
      const c = char.codePointAt(0)
      if (c < 0x80) bytes.push(c)
      else if (c < 0x800) bytes.push(0xc0 | (c >> 6), 0x80 | (c & 63))
      else if (c < 0x10000) bytes.push(0xe0 | (c >> 12), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63))
      else bytes.push(0xf0 | (c >> 18), 0x80 | ((c >> 12) & 63), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63))
    }
    return bytes
  },
  decode(bytes) {
    let text = ''
    for (let i = 0; i < bytes.length; ) {
      const b = bytes[i++]
      const size = b < 0x80 ? 0 : b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3
      let c = size === 0 ? b : b & (0x3f >> size)
      for (let n = 0; n < size; n++) c = (c << 6) | (bytes[i++] & 63)
      text += String.fromCodePoint(c)
    }
    return text
  },
}
const B64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
class Buffer extends Uint8Array {
  static from(value, encoding) {
    if (typeof value !== 'string') return new Buffer(value)
    if (encoding === 'hex')
      return new Buffer((value.match(/../g) || []).map((pair) => Number.parseInt(pair, 16)))
    if (encoding === 'latin1' || encoding === 'binary' || encoding === 'ascii')
      return new Buffer([...value].map((char) => char.charCodeAt(0)))
    if (encoding === 'base64' || encoding === 'base64url') {
      const bytes = []
      let bits = 0
      let held = 0
      for (const char of value.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '')) {
        held = (held << 6) | B64.indexOf(char)
        bits += 6
        if (bits < 8) continue
        bits -= 8
        bytes.push((held >> bits) & 255)
      }
      return new Buffer(bytes)
    }
    return new Buffer(utf8.encode(value))
  }
  static alloc(size, fill = 0) {
    const made = new Buffer(size)
    made.fill(typeof fill === 'string' ? fill.charCodeAt(0) : fill)
    return made
  }
  static allocUnsafe(size) {
    return Buffer.alloc(size)
  }
  static isBuffer(value) {
    return value instanceof Buffer
  }
  static byteLength(text) {
    return typeof text === 'string' ? utf8.encode(text).length : text.length
  }
  static concat(list) {
    const made = new Buffer(list.reduce((sum, item) => sum + item.length, 0))
    let at = 0
    for (const item of list) {
      made.set(item, at)
      at += item.length
    }
    return made
  }
  toString(encoding) {
    if (encoding === 'hex') return [...this].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    if (encoding === 'latin1' || encoding === 'binary' || encoding === 'ascii')
      return [...this].map((byte) => String.fromCharCode(byte)).join('')
    if (encoding === 'base64' || encoding === 'base64url') {
      let text = ''
      for (let i = 0; i < this.length; i += 3) {
        const bits = (this[i] << 16) | ((this[i + 1] || 0) << 8) | (this[i + 2] || 0)
        text +=
          B64[bits >> 18] +
          B64[(bits >> 12) & 63] +
          (i + 1 < this.length ? B64[(bits >> 6) & 63] : '=') +
          (i + 2 < this.length ? B64[bits & 63] : '=')
      }
      return encoding === 'base64' ? text : text.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
    }
    return utf8.decode(this)
  }
  toJSON() {
    return { type: 'Buffer', data: [...this] }
  }
  equals(other) {
    return this.length === other.length && this.every((byte, i) => byte === other[i])
  }
}
globalThis.Buffer = Buffer
globalThis.TextEncoder = class {
  encode(text) {
    return new Uint8Array(utf8.encode(text))
  }
}
globalThis.TextDecoder = class {
  decode(bytes) {
    return utf8.decode(new Uint8Array(bytes))
  }
}
const wire = (value) =>
  value instanceof Uint8Array
    ? Buffer.prototype.toString.call(value, 'latin1')
    : Buffer.from(String(value)).toString('latin1')
