import type * as en from '../en/progress.ts'

export const catalogue: typeof en.catalogue = {
  title: '课程目录',
  lead: '全部课程和实验。按你有的时间挑选，从停下的地方继续。',
  filters: '显示',
  all: '全部',
  track: '主题',
  kind: '类型',
  kinds: { lesson: '课程', lab: '实验' },
  level: '难度',
  levels: { beginner: '入门', intermediate: '中级', advanced: '高级' },
  time: '时间',
  upTo: (minutes) => `${minutes} 分钟以内`,
  state: '状态',
  states: { new: '未开始', begun: '进行中', done: '已完成' },
  shown: (n, all) => `显示 ${n}/${all} 项`,
  clear: '显示全部',
  nothing: '没有同时符合这些条件的内容。',
}

export const goOn: typeof en.goOn = {
  begin: '从这里开始',
  title: '从停下的地方继续',
  next: '下一项',
}

export const progress: typeof en.progress = {
  title: '我的进度',
  lead: '你读过、答过和造过的一切。它保存在这台服务器上，而不是浏览器里。',
  unreachable: '无法显示你的进度：服务器没有应答，或者这个浏览器没有登录。',
  lessonsDone: (n, all) => `已完成 ${n}/${all} 课`,
  labsDone: (n, all) => `已完成 ${n}/${all} 个实验`,
  stepsDone: (n) => `已检查 ${n} 个步骤`,
  pathDone: (n, all) => `已完成 ${n}/${all}`,
  paths: '学习路径',
  pathsText: '完成一条路径的全部内容后，就可以在这里生成它的证书。',
  certificate: '生成证书',
  certificateFor: (path) => `证书：${path}`,
  name: '证书上的名字',
  nameHosted: '证书使用本课程所知的你的名字。',
  make: '生成',
  cancel: '取消',
  notes: '可打印的笔记',
  notesText: '你对每一课问题的回答，以及解释。',
  openNotes: '打开我的笔记',
  file: '带走进度',
  fileText:
    '一个包含全部进度的文件：可作备份，也可带到另一台电脑。读取文件只会补上缺少的，不会拿走任何东西。',
  export: '保存进度文件',
  import: '读取进度文件',
  notAFile: '这不是 Drydock 的进度文件。',
  imported: (lessons, steps) => `已添加：${lessons} 课，${steps} 个步骤。`,
  unproven: '文件由另一台服务器写成：其中的步骤算数，证书会说明有多少。',
  unknown: (names) => `不在本课程中，但已保留：${names}。`,
}

export const notes: typeof en.notes = {
  title: '我的笔记',
  lead: '你的回答，一课一课排列。可以打印本页，或存为 PDF。',
  none: '你还没有回答过问题。',
  print: '打印',
  yours: '你的回答',
}

export const certificate: typeof en.certificate = {
  title: '证书',
  of: '兹证明',
  has: '已完成',
  contents: (lessons, labs, steps) =>
    `${lessons} 课，全部问题均已答对；${labs} 个实验，共 ${steps} 个步骤，每一步都在学员自己的云里检查过。`,
  result: (lab, points, of, passed) => `${lab}：${points}/${of} 分，${passed ? '通过' : '未达到通过分数'}。`,
  unproven: (n) => `其中 ${n} 个步骤取自另一台服务器的进度文件。`,
  finished: '完成于',
  issued: '签发于',
  by: '签发者',
  verifyAt: '验证',
  scan: '通往验证此证书的页面',
  print: '打印',
  missing: '这个地址里没有证书。证书在“我的进度”页面生成。',
}

export const verify: typeof en.verify = {
  title: '验证证书',
  lead: '粘贴证书的代码或链接。本服务器会说明它是否原样由本服务器签发。',
  code: '代码或链接',
  button: '验证',
  good: '真实：由本服务器签发。',
  bad: '不真实：不是本服务器签发的，或者被改动过。',
  show: '显示证书',
}
