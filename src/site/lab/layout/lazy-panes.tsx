import { t } from '../../i18n/index.ts'
import { LazyPane } from './LazyPane.tsx'

/** The live picture of the cloud. */
export const WorldPane = () => (
  <LazyPane
    pane="world"
    before={t.world.needStart}
    load={() => import('../world/WorldView.tsx').then(({ WorldView }) => WorldView)}
  />
)

/** The learner's files and the editor. */
export const FilesPane = () => (
  <LazyPane
    pane="files"
    before={t.files.needStart}
    load={() => import('../files/FilesView.tsx').then(({ FilesView }) => FilesView)}
  />
)

/** Web pages out of the lab. */
export const PreviewPane = () => (
  <LazyPane
    pane="preview"
    before={t.preview.needStart}
    load={() => import('../preview/PreviewView.tsx').then(({ PreviewView }) => PreviewView)}
  />
)
