import type * as en from '../en/tour.ts'

export const tour: typeof en.tour = {
  region: '欢迎',
  offer: '第一次来？一分钟看完本页的各部分。',
  take: '带我看看',
  skip: '不用了',
  at: (n, of) => `第 ${n} 项，共 ${of} 项`,
  next: '下一项',
  back: '上一项',
  end: '结束导览',
  done: '开始动手',
  missing: (names) => `这台机器上缺少：${names}。有些命令会找不到。`,
  doctor: '命令“drydock doctor”显示同样的内容，以及已有的一切。',
  stops: {
    steps: {
      title: '步骤',
      text: '一步接一步要做的事。命令旁的按钮会把它输入终端，由你按回车。每一步会自动检查，并说明什么不符合预期、为什么。',
    },
    terminal: {
      title: '终端',
      text: '真正的 shell，带真正的 aws、kubectl、helm 和 docker。关闭本页后它继续运行。按 F6 用键盘进出。',
    },
    files: {
      title: '文件',
      text: '你的主目录，以及一个认识你的集群中各种对象的编辑器。它在终端上方打开。',
    },
    world: {
      title: '世界',
      text: '你的云，实时显示：地图、树、表格，以及每一次改动的调用。你可以看它在任何一次调用之后的样子。',
    },
    preview: {
      title: '网页预览',
      text: '你的容器和负载均衡器提供的网页。问号键显示所有按键。',
    },
  },
}
