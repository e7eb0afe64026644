import { X509Certificate } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import type { CertificateRecord } from '../acm/records.ts'
import { certificates } from '../acm/tables.ts'
import type { Scope } from '../ec2/index.ts'
import type { ListenerRecord } from './records.ts'

/** Contexts by certificate and the time when it was imported: making one costs milliseconds. */
const contexts = new WeakMap<CertificateRecord, SecureContext>()

function contextOf(record: CertificateRecord): SecureContext {
  const known = contexts.get(record)
  if (known) return known
  const context = createSecureContext({
    cert: `${record.certificate}\n${record.chain ?? ''}`,
    key: record.privateKey,
  })
  contexts.set(record, context)
  return context
}

/** The certificate for a name: the one that is good for it, else the listener's default one. */
function certificateFor(scope: Scope, { certificates: arns = [] }: ListenerRecord, name: string) {
  const all = arns.map((arn) => certificates.find(scope, arn)).filter((one) => one?.certificate !== undefined)
  return all.find((one) => name !== '' && new X509Certificate(one!.certificate!).checkHost(name)) ?? all[0]
}

/** Ends TLS in the load balancer. */
export function terminate(scope: Scope, listener: ListenerRecord, socket: Duplex): TLSSocket | undefined {
  const first = certificateFor(scope, listener, '')
  if (!first) return undefined
  const secure = new TLSSocket(socket as never, {
    isServer: true,
    secureContext: contextOf(first),
    ALPNProtocols: ['http/1.1'],
    SNICallback: (name, done) => {
      const found = certificateFor(scope, listener, name)
      done(null, found ? contextOf(found) : undefined)
    },
  })
  secure.on('error', () => secure.destroy())
  return secure
}
