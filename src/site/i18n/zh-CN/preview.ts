import type * as en from '../en/preview.ts'

export const preview: typeof en.preview = {
  region: '网页预览',
  needStart: '实验开始后，其中的网页会显示在这里。',
  address: '实验内的地址',
  open: '打开',
  reload: '重新加载',
  newTab: '在单独的标签页中打开',
  close: '关闭网页',
  frame: (address) => `${address} 的网页`,
  lead: '按终端所能到达的方式打开网页：负载均衡器、容器发布的端口、节点端口、kubectl 转发的端口。',
  doors: '现在实验中有',
  noDoors:
    '实验中还没有什么能回应浏览器。创建负载均衡器、发布端口（docker run -p）或转发端口（kubectl port-forward），然后再看。',
  look: '再看一次',
  door: { 'load-balancer': '负载均衡器', container: '发布的端口', 'node-port': '节点端口' },
  loading: '正在加载…',
  answered: (status, reason) => `回应 ${status} ${reason}`.trim(),
  unanswered: '没有回应',
  failure: {
    'no-host': (host) => ({
      what: `实验网络里没有 ${host} 这台主机。`,
      why: '负载均衡器的名称只在它存在时有效，互联网也不属于实验。请检查名称。',
    }),
    refused: (host) => ({
      what: `${host} 拒绝了连接。`,
      why: '这个端口上没有程序在监听：程序没有运行，或者端口不对。',
    }),
    silent: (host) => ({
      what: `${host} 完全没有回应。`,
      why: '发往它的数据包被丢弃：没有安全组放行，没有监听器使用这个端口，或者只能从它的网络内部到达。',
    }),
    'no-route': (host) => ({
      what: `没有通往 ${host} 的路。`,
      why: '这个地址不属于实验终端能到达的任何东西。',
    }),
    certificate: (host) => ({
      what: `${host} 的证书不受浏览器信任。`,
      why: '它是为另一个名称签发的、已经过期，或者签发机构不是实验的机构。',
    }),
    closed: (host) => ({
      what: `${host} 没有回应就关闭了连接。`,
      why: '转发端口的程序可能已经结束，或者它在这个端口上不使用 HTTP（或 HTTPS）。',
    }),
    'cloud-away': () => ({
      what: '实验网络没有回应。',
      why: '云正在重启，或者实验已重新开始。稍后再加载。',
    }),
  },
  balancer: {
    502: {
      what: '负载均衡器在，但它的目标没有给出正确的回应。',
      why: '目标关闭了连接，或者在目标组指定的端口上不使用 HTTP。',
    },
    503: {
      what: '负载均衡器在，但没有健康的目标。',
      why: '没有注册目标，或者所有目标的健康检查都失败。对 Service 或 Ingress 来说：后面没有就绪的 pod。',
    },
    504: {
      what: '负载均衡器在，但它的目标没有及时回应。',
      why: '目标卡住了，或者负载均衡器与目标之间的安全组丢弃了数据包。',
    },
  },
}
