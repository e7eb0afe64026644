import type * as en from '../en/menu.ts'

export const locale: typeof en.locale = { id: 'zh-CN', prefix: '/zh-CN' }

export const site: typeof en.site = {
  name: 'Drydock',
  tagline: '用真实的工具学习 Kubernetes 与 AWS 容器服务，没有云账单。',
  skip: '跳到正文',
  mainMenu: '主菜单',
  language: '语言',
  paths: '学习路径',
  glossary: '术语表',
  footer: 'Apache-2.0。云是模拟的：没有 AWS 账号，没有云账单，也没有遥测。',
  trademark: 'AWS、Kubernetes 和 Docker 是其所有者的名称。Drydock 与它们没有关联。',
  table: '表格',
  notFoundTitle: '这里没有页面',
  notFound: '这个地址没有页面。它可能已经移动，或者链接里有笔误。',
  goHome: '回到首页',
}

export const menu: typeof en.menu = {
  classroom: '教室',
  people: '人员',
  privacy: '隐私',
  signOut: '退出登录',
  signedInAs: (name) => `已登录：${name}`,
}

export const theme: typeof en.theme = {
  label: '颜色',
  system: '跟随系统',
  light: '浅色',
  dark: '深色',
  switchTo: (name) => `颜色：${name}。切换`,
}

export const problem: typeof en.problem = {
  unreachable: {
    code: 'unreachable',
    what: 'Drydock 服务器没有应答。',
    why: '它可能已经停止，或者正在重新启动。',
    next: '看一看运行 “npm start” 的窗口。本页会自动重试。',
  },
  unexpected: (status) => ({
    code: 'unexpected',
    what: `服务器以状态 ${status} 应答，没有说明原因。`,
    why: '这是 Drydock 的错误。',
    next: '请重试；如果仍然如此，请查看服务器的输出。',
  }),
}
