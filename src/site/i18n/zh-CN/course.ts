import type * as en from '../en/course.ts'

export const labs: typeof en.labs = {
  title: '实验',
  lead: '每个实验由若干步骤组成，在你自己的模拟账号里进行。随时可以离开；回来时一切如旧。',
  minutes: (n) => `约 ${n} 分钟`,
  steps: (n) => `${n} 个步骤`,
  progress: (passed, total) => `已完成 ${passed}/${total} 步`,
}

export const trainer: typeof en.trainer = {
  title: '给讲师',
  none: '没有学习路径为这一课写了备注。',
  present: '在投影上显示',
  back: '上一节',
  on: '下一节',
  at: (n, of, title) => `${n}/${of}：${title}`,
  help: '投影窗口只有放大的正文，并与这个窗口同步；在那里用方向键换节，按 Esc 关闭。',
}

export const lessons: typeof en.lessons = {
  title: '课程',
  lead: '配合实验的短文：一样东西是什么，为什么如此，人们常常弄错什么。',
  contents: '本页内容',
  sources: '资料来源',
  read: (date) => `阅读于 ${date}`,
  minutes: (n) => `阅读 ${n} 分钟`,
  objectives: '学完本课你能够',
  practise: '动手练习',
  previous: '上一课',
  next: '下一课',
  untranslated: '本课还没有中文版，以下为英文原文。',
}

export const paths: typeof en.paths = {
  title: '学习路径',
  lead: '同样的课程和实验，按你的目的排序。',
  hours: (minutes) => `约 ${Math.round(minutes / 30) / 2} 小时`,
  lesson: '课程',
  lab: '实验',
  task: '任务',
  notes: '给培训师的说明',
}

export const course: typeof en.course = {
  showAll: '同时显示各方',
  showOne: '只显示一方',
  predict: '先预测。',
  showResult: '不猜，继续',
  guessedRight: '如你所料。再看看为什么。',
  guessedWrong: '结果不同。看看为什么。',
  explain: '为什么',
  part: '部分',
  who: { aws: 'AWS', you: '你', shared: '双方', docker: 'Docker', nobody: '没有人' },
  differs: '有什么不同',
  aspects: {
    commands: '命令',
    objects: '之后存在什么',
    manages: '由谁管理',
    permissions: '需要的权限',
    time: '时间',
    cost: '费用',
  },
  costColumns: ['项目', '价格', '每月（730 小时）'],
  sum: '合计',
  prices: 'us-east-1 的价格；数据传输和税费另计。',
  pricesRead: (date) => `阅读于 ${date} 或之后。`,
  pricesKnown: '其中一些凭既有知识（2026 年 11 月）：依赖之前请点链接核对。',
  runByAws: '由 AWS 运行',
  runByYou: '由你运行',
  back: '上一步',
  forward: '下一步',
  stepOf: '/',
  pickPart: '选择图中的一部分，读一读它做什么。',
  inWords: '用文字描述这张图',
  startAgain: '重新开始',
  quiz: '检验自己',
  why: '为什么？',
  right: '正确。',
  wrong: '不对。',
  score: '答对：',
}

export const glossary: typeof en.glossary = {
  title: '术语表',
  lead: '课程里的用词，每个一句话。',
  more: (lesson) => `见“${lesson}”`,
}

export const code: typeof en.code = {
  copy: '复制',
  copied: '已复制',
  type: '输入到终端',
  needStart: '先开始实验，然后才能把命令输入到终端。',
  copyFailed: '浏览器不允许复制。请选中文字，用键盘复制。',
  block: '代码',
  output: '输出',
}

export const command: typeof en.command = {
  title: '用一条命令回答',
  about: '你的命令会在本课初始世界的一份全新副本里运行，不会影响别处。可能需要几秒钟。',
  label: '你的命令',
  run: '运行',
  running: '正在世界的副本里运行…',
  right: '正确。',
  wrong: {
    failed: '还不对：命令失败了。',
    timeout: '还不对：30 秒内没有结束。',
    output: '还不对：命令能运行，但输出不是所要求的。',
    effect: '还不对：命令能运行，但做的不是所要求的。',
  },
  prints: '输出',
}
