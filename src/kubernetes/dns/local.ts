import { failure, type Question, type Reply } from '#network/dns-message.ts'
import { DnsServers } from './coredns/server.ts'
import type { ClusterRecords } from './records.ts'

const DNS_PORT = 53
const COREFILE = `.:53 {
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    forward . /etc/resolv.conf
}
`

/** The name server that some nodes run themselves (EKS Auto Mode): CoreDNS with a Corefile that nobody changes. */
export function localDns(
  records: ClusterRecords,
  upstream: (name: string) => string | undefined,
  pick: (count: number) => number,
): (question: Question) => Reply {
  const servers = new DnsServers(COREFILE, '/etc/coredns/Corefile', new Map(), {
    records,
    synced: () => true,
    upstream,
    exchange: () => undefined,
    read: () => '',
    pick,
    address: '127.0.0.1',
  })
  return (question) => servers.answer({ ...question, id: 0, size: 0 }, DNS_PORT)?.reply ?? failure('REFUSED')
}
