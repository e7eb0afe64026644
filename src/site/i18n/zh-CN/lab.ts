import type * as en from '../en/lab.ts'

export const lab: typeof en.lab = {
  steps: '步骤',
  objectives: '你将能够做到',
  readBefore: '值得先读：',
  hint: '卡住了？显示提示',
  nextHint: '显示下一个提示',
  stepLabel: (n) => `第 ${n} 步`,
  status: { todo: '待做', failed: '还没有', passed: '完成' },
  checking: '正在检查…',
  progress: (passed, total) => `已完成 ${passed}/${total}`,
  allDone: '所有步骤都完成了。造得好。',
  nextLab: '下一个实验：',
  allLabs: '所有实验',
  points: (points: number) => `${points} 分。`,
  took: (minutes: number, lost: number) => `用时 ${minutes} 分钟${lost > 0 ? `（−${lost}）` : ''}。`,
  hintsOpened: (hints: number, lost: number) => `看了 ${hints} 条提示（−${lost}）。`,
  solutionShown: '看过答案。',
  collateral: (lost: number) => `任务之外被改动、删除或损坏的（−${lost}）：`,
  result: (points: number, of: number) => `${points} / ${of} 分`,
  inMinutes: (minutes: number) => `用时 ${minutes} 分钟。`,
  resultPassed: '通过了。',
  resultNeeded: (needed: number) => `${needed} 分通过。`,
  resultMissed: (needed: number) => `需要 ${needed} 分才能通过。可以重新开始再试一次。`,
  start: '开始实验',
  starting: '正在开始…',
  startLead: '开始后，这台机器上会有一个属于你的 AWS 账号，以及一个在其中的终端。',
  startDoing: '正在准备你的账号、实验网络和终端。',
  startSlow: '比平时久一些。第一次开始时要解压命令行工具。',
  place: (n) => (n === 1 ? '下一个就是你。' : `座位已满。你排在第 ${n} 位。`),
  placeText: '轮到你时实验会自动开始。请保持这个页面打开；这期间可以先读步骤。',
  retry: '重试',
  reset: '重新开始',
  resetTitle: '重新开始这个实验？',
  resetText:
    '这个实验里的一切都会消失：模拟账号及其中的全部内容、主目录里的文件、打开的终端，以及进度。无法撤销。',
  resetConfirm: '全部删除并重新开始',
  cancel: '取消',
  account: 'AWS 账号',
  region: '区域',
  provisioning: (aws, here) => `新集群：AWS 需要 ${aws}，这里 ${here}`,
  speed: '速度',
  seconds: (n) => `${n} 秒`,
  minutes: (n) => `${n} 分钟`,
  about: (amount) => `约 ${amount}`,
  noWait: '无需等待',
  stepPassed: (title) => `完成：${title}`,
  stepNotYet: (title, finding) => `还没有：${title}。${finding}`,
  stepError: (title) => `“${title}”的检查没能运行到底。`,
  nextStep: (title) => `下一步：${title}`,
}

export const check: typeof en.check = {
  button: '检查我的成果',
  again: '再检查一次',
  auto: '云一有变化就会自动检查。',
  autoLater: (step) => `“${step}”完成后会自动检查；也可以随时点这个按钮。`,
  needStart: '先开始实验，然后才能检查这一步。',
  failed: '还没有',
  error: '检查没能完成',
  passed: '完成，已检查',
  at: (time) => `检查于 ${time}`,
  expected: '期望',
  observed: '观察到',
  evidence: '自己看看',
  cause: '可能的原因',
  hint: '显示提示',
  lesson: '阅读相关课程',
  inOrder: (n) => `${n} 项正常`,
  notInOrder: '显示还有什么不正常（算作一条提示）',
}

export const layout: typeof en.layout = {
  panes: '页面的各部分',
  pane: {
    steps: '步骤',
    files: '文件与编辑器',
    world: '世界：实时显示你的云',
    preview: '网页预览',
    terminal: '终端',
  },
  stepsSize: '步骤栏的大小',
  aboveSize: '终端上方部分的大小',
  splitSize: '左侧终端的大小',
  dividerHelp: '拖动，或点击在三种大小之间切换',
}

export const keys: typeof en.keys = {
  title: '键盘',
  close: '关闭',
  letters: '在输入框和终端之外，单个字母有作用',
  groups: [
    {
      title: '页面的任何地方',
      keys: [
        [['?'], '显示这张键盘图'],
        [['S'], '到步骤'],
        [['F'], '到文件'],
        [['W'], '到世界'],
        [['P'], '到网页预览'],
        [['T'], '到终端'],
        [['C'], '检查打开的步骤'],
        [['F6'], '进入和离开终端'],
      ],
    },
    {
      title: '在终端里',
      keys: [
        [['Ctrl', 'Shift', 'C'], '复制选中的内容'],
        [['Ctrl', 'Shift', 'V'], '粘贴'],
        [['Ctrl', 'Shift', 'F'], '查找'],
        [['Ctrl', 'C'], '结束正在运行的程序'],
      ],
    },
    {
      title: '在编辑器里',
      keys: [
        [['Ctrl', 'S'], '立即保存；平时也会自动保存'],
        [['Ctrl', 'Space'], '这里可以写什么'],
        [['Ctrl', 'F'], '查找和替换'],
        [['Ctrl', 'Z'], '撤销'],
        [['F6'], '离开编辑器'],
      ],
    },
    {
      title: '在世界地图上',
      keys: [
        [['←', '→', '↑', '↓'], '移动地图；在树中逐项移动'],
        [['+', '-'], '放大、缩小'],
        [['0'], '显示全部'],
        [['Enter'], '显示树中所选项的详情'],
      ],
    },
    {
      title: '在分隔条或标签页上',
      keys: [
        [['←', '→'], '移动；按住 Shift 移动更远'],
        [['Home', 'End'], '移到尽头'],
        [['Enter'], '切换三种大小'],
      ],
    },
  ],
}

export const step: typeof en.step = {
  changes: '这一步改变了什么',
  solution: '显示答案',
  solutionTitle: '一种做法',
  solutionAsk: '显示答案？',
  solutionText: '提示会一步步引向答案，自己发现的才记得住。答案只会显示，不会运行。',
  skip: '替我完成这一步',
  skipTitle: '不做这一步，直接继续？',
  skipText: '它的答案会代替你在你的云里、用你的文件运行。这与看过答案同样计分。',
  skipConfirm: '替我完成',
  reset: '回到这一步的开头',
  resetTitle: '回到这一步开始的地方？',
  resetText:
    '云、文件和进度会变回这一步开始时的样子。此后在这一步和后面步骤里做的都会消失；打开的终端会结束。',
  resetConfirm: '回去',
  objects: '你的云里有什么不同',
  noObjects: '世界视图里显示的内容没有不同。',
  made: '新增',
  gone: '已消失',
  calls: '此后的调用',
}

export const calls: typeof en.calls = {
  none: '没有调用改动过任何内容。',
  done: '成功',
  principal: '调用者',
  via: (service) => `通过 ${service}`,
  error: '错误',
  cluster: '集群',
  look: '看调用刚完成时的世界',
}

export const clock: typeof en.clock = {
  label: '时间',
  note: '你的云的时钟走多快。终端里的命令按自己的速度运行。',
  speed: (speed) => (speed === 0 ? '已暂停' : speed === 1 ? '真实速度' : `${speed} 倍速`),
  untilReady: '直到就绪',
  untilReadyNote: '把云的时钟向前拨，直到没有任何东西还在进行中，最多一小时',
}

export const costs: typeof en.costs = {
  meter: (perHour, soFar) => `AWS：每小时 ${perHour}，至今 ${soFar}`,
  title: '这在 AWS 上要花多少钱',
  none: '这里没有按小时计费的东西。',
  resource: '资源',
  perHour: '美元/小时',
  soFar: '至今',
  note: (region, date) => `${region} 的按需价格，${date}，不含免费套餐和税费。在这里一切免费。`,
}

export const connection: typeof en.connection = {
  connecting: '正在连接…',
  connected: '已连接',
  reconnecting: '正在重新连接…',
  cloudRestarting: '云正在重新启动…',
  offline: '服务器没有应答。“npm start” 还在运行吗？正在重试…',
  noNetwork: '这台电脑没有网络。你看到的是之前的内容；网络恢复后本页会自动继续。什么都不会丢。',
  closing: '服务器正在重新启动。你的成果会保留，本页会自动继续。',
  cloudNote: '模拟云正在重新启动。什么都不会丢；命令马上又能用。',
}

export const learner: typeof en.learner = {
  looking: (name) => `${name} 正在查看你的终端和云。`,
  replays: '也在看你之前的过程。',
  asks: (name) => `${name} 正在查看你的终端和云，并请求输入。`,
  types: (name) => `${name} 可以在你的终端里输入。`,
  share: '允许输入',
  unshare: '收回键盘',
  refuse: '不',
  skipped: (name) => `${name} 替你完成了一个步骤。请继续下一步。`,
  due: (course, day, past) =>
    past ? `“${course}”本应在 ${day} 前完成。` : `“${course}”须在 ${day} 前完成。`,
  raise: '举手',
  raised: '已举手',
  taken: '有人过来了',
  lower: '放下手',
  note: '怎么了？（可不填）',
  raiseText: '讲师会看到你的名字、实验、步骤，以及检查发现了什么。',
  from: '你的讲师',
  look: '看一看',
  dismiss: '关闭消息',
  notOpen: '这个实验还没有开放：讲师会逐个开放实验。开放时本页会告诉你。',
  opened: '这个实验现在开放了。',
}

export const comparison: typeof en.comparison = {
  title: (left, right) => `并排比较：${left} 与 ${right}`,
  before: '实验开始后，这里会比较你在两边所做的事。',
  idle: (side) => `${side} 这一边还没有任何操作。`,
  differs: '差异',
  aspects: {
    commands: '带来更改的命令',
    yours: '由你创建的',
    theirs: '自动为你创建的',
    managed: '其余由谁完成（调用次数）',
    permissions: '所需的权限',
  },
  time: '从第一次调用到最后一次的时间',
  duration: (seconds) =>
    seconds < 90 ? `${seconds} 秒` : `${Math.floor(seconds / 60)} 分 ${seconds % 60} 秒`,
  cost: '它启动的资源在 AWS 上的费用',
  perHour: (usd) => `每小时 ${usd.toFixed(3)} 美元`,
  note: '依据你自己的云所记录的内容。两边相同的，以及你开始之前就有的，不在其中。',
}
