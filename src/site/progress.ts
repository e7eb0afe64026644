import type { LabSummary } from '#server/api.ts'
import { request } from './api.ts'
import { t } from './i18n/index.ts'

/** Shows on the cards of labs how far the learner got. Without a server the cards stay as they are. */
async function showProgress(): Promise<void> {
  const labs = await request<LabSummary[]>('GET', '/api/labs').catch(() => [])
  for (const { id, passed, steps, started } of labs) {
    const tag = document.querySelector<HTMLElement>(`[data-lab="${CSS.escape(id)}"] [data-progress]`)
    if (!tag || !started) continue
    tag.querySelector('span')!.textContent = t.labs.progress(passed, steps)
    tag.hidden = false
  }
}

void showProgress()
