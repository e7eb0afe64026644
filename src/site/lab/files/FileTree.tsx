import type { FileEntry } from '#server/api.ts'
import { t } from '../../i18n/index.ts'
import { Icon } from '../Icon.tsx'
import { entries, opened, openFile } from './model.ts'

interface Folder {
  name: string
  path: string
  folders: Folder[]
  files: FileEntry[]
}

/** The home folder. What begins with a dot is closed at first. */
export function FileTree() {
  const all = entries.value
  if (!all) return <p class="pane-empty">{t.connection.connecting}</p>
  return (
    <nav class="file-tree" aria-label={t.files.tree}>
      <FolderList folder={grow(all)} />
    </nav>
  )
}

function FolderList({ folder }: { folder: Folder }) {
  return (
    // biome-ignore lint/a11y/noRedundantRoles: Safari takes the role from lists without marks
    <ul role="list">
      {folder.folders.map((inner) => (
        <li key={inner.path}>
          <details open={!inner.name.startsWith('.')}>
            <summary>{inner.name}</summary>
            <FolderList folder={inner} />
          </details>
        </li>
      ))}
      {folder.files.map((file) => {
        const current = opened.value?.path === file.path
        return (
          <li key={file.path}>
            <button
              type="button"
              aria-current={current ? 'true' : undefined}
              onClick={() => void openFile(file.path)}
            >
              <Icon name="text" />
              {file.path.slice(folder.path.length)}
            </button>
          </li>
        )
      })}
    </ul>
  )
}

function grow(all: FileEntry[]): Folder {
  const root: Folder = { name: '', path: '', folders: [], files: [] }
  const known = new Map([['', root]])
  for (const entry of all) {
    const end = entry.path.lastIndexOf('/')
    const parent = known.get(end === -1 ? '' : entry.path.slice(0, end))
    if (!parent) continue
    if (entry.kind === 'file') parent.files.push(entry)
    else {
      const folder = { name: entry.path.slice(end + 1), path: `${entry.path}/`, folders: [], files: [] }
      known.set(entry.path, folder)
      parent.folders.push(folder)
    }
  }
  return root
}
