import type * as en from '../en/search.ts'

export const search: typeof en.search = {
  title: '搜索',
  lead: '课程、实验和术语表。',
  label: '搜索课程内容',
  hint: '关键词，例如 “pull limit”',
  shortcut: '在任何页面按 / 键都会来到这里，方向键在结果间移动。',
  found: (n) => (n === 0 ? '没有找到。' : `找到 ${n} 处`),
  failed: '搜索未能加载。服务器在运行吗？',
  kinds: { lesson: '课程', lab: '实验', term: '术语', path: '学习路径' },
}
