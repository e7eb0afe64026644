import type * as en from '../en/pages.ts'

export const home: typeof en.home = {
  title: '先在船坞里造',
  lead: 'Drydock 把真实的终端放在课程旁边。你输入真实的 aws、kubectl 和 docker 命令；你自己机器上的模拟云像 AWS 一样应答，每一步都有证据可查。',
  start: '开始“你的第一个 EKS 集群”',
  startPlain: '看看实验',
  browse: '浏览课程',
  exampleCaption: '例子：第一个实验的第 2 步',
  exampleVerdict: '第 2 步完成：集群为 ACTIVE，节点组的两个节点都是 Ready。',
  points: [
    {
      title: '真实的工具',
      text: '官方的 aws、kubectl、helm 和 docker 客户端。在 AWS 上不用的参数，这里也不用。',
    },
    { title: '没有账单，不用账号', text: '云在这台机器上模拟。在火车上也能用。' },
    {
      title: '每一步都有证据',
      text: '检查会说出它期望什么、看到什么，以及哪条命令能看到它。同样的检查也能在真实的 AWS 上运行。',
    },
  ],
  howTitle: '工作原理',
  howText:
    '终端里的工具访问的是它们一直访问的域名。代理把这些域名引向一个模拟账号，账号的各部分像在 AWS 上一样互相依赖：你推送的镜像就是节点拉取的镜像。检查使用的也是你用的那些公开 API。',
  how: {
    title: 'Drydock 的工作原理',
    description:
      '从左到右：带有 aws、kubectl 和 docker 的终端；这台机器上替真实域名应答的代理；含有 EKS、ECR、IAM 和负载均衡器的模拟 AWS 账号。下方：检查访问同样的 API，并把结果报告给页面。',
    terminal: '你的终端',
    terminalSub: 'aws · kubectl · docker',
    proxy: '实验网络',
    proxySub: '真实的域名',
    account: '模拟的 AWS 账号',
    checks: '检查',
    checksSub: '访问同样的 API，给出证据',
  },
  tracksTitle: '主题',
  tracksText: '从一个死掉的容器，到一夜值班。每个实验都独立；数字表示实验集中在哪里。',
  planned: '计划中',
  labsReady: (n) => `${n} 个实验可用`,
  honestTitle: '哪些是模拟的，哪些不是',
  honestText:
    '命令行工具是真实的。AWS、集群和容器是模拟的：命令、输出、错误和时间都跟随真实的服务，资源创建大约快 40 倍；没有模拟的部分列在 FIDELITY.md 里，并会以说明这一点的错误应答。',
}

export const tracks: typeof en.tracks = {
  orchestration: {
    title: '为什么需要编排',
    text: '单有容器引擎缺什么，编排器又带来什么：一个容器先死在 Docker 上，再死在 Kubernetes 上。',
  },
  eks: {
    title: 'Kubernetes 与 EKS',
    text: '手动搭建 EKS，再走捷径；AWS 管什么，什么仍归你管；节点、访问、存储、升级。',
  },
  registries: {
    title: 'ECR 与 Docker Hub',
    text: '同一个镜像放进两边：登录、命名、策略、限制、扫描、价格。',
  },
  ecs: {
    title: 'ECS 与 EKS',
    text: '同一个服务做两遍，再看差别：任务与 Pod、Fargate 与节点、自愈与伸缩。',
  },
  kubernetes: {
    title: 'Kubernetes 还带来什么',
    text: '命名空间、RBAC、Secret 与 TLS、探针、Helm、自定义资源、自动伸缩。',
  },
  'on-call': {
    title: '值班',
    text: '覆盖所有主题的故障演练：读懂症状，找到原因，修好它而不伤及其他。',
  },
}

export const aside: typeof en.aside = { note: '注意', caution: '小心', myth: '常见的误解' }
