import { generateKeyPair, type KeyObject } from 'node:crypto'
import type { KeySpecInfo } from './data/specs.ts'

/** Makes a private key, off the event loop: large RSA keys take long. */
export function makePair(pair: NonNullable<KeySpecInfo['pair']>): Promise<KeyObject> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, _publicKey: KeyObject, privateKey: KeyObject) =>
      error ? reject(error) : resolve(privateKey)
    if (pair.type === 'rsa') generateKeyPair('rsa', { modulusLength: pair.bits }, done)
    else generateKeyPair('ec', { namedCurve: pair.curve }, done)
  })
}
