import type { CourseState, ImportResult, SessionState } from '#server/api.ts'
import { ProblemError, request } from '../api.ts'
import { href } from '../href.ts'
import { t } from '../i18n/index.ts'
import { courseState, itemState } from './client.ts'

const find = <Found extends HTMLElement>(selector: string) => document.querySelector<Found>(selector)!
const dialog = find<HTMLDialogElement>('[data-certificate-dialog]')

async function show(): Promise<void> {
  const course = await courseState()
  find('[data-unreachable]').hidden = course !== undefined
  if (!course) return
  find('[data-totals]').replaceChildren(
    ...totals(course).map((text) => {
      const item = document.createElement('li')
      item.textContent = text
      return item
    }),
  )
  for (const { id, done, total } of course.paths) {
    const line = document.querySelector<HTMLElement>(`[data-path="${CSS.escape(id)}"]`)
    if (!line) continue
    const bar = line.querySelector('progress')!
    bar.max = total
    bar.value = done
    line.querySelector('[data-done]')!.textContent = t.progress.pathDone(done, total)
    const certify = line.querySelector<HTMLButtonElement>('[data-certify]')!
    certify.hidden = done < total
    certify.onclick = () => askName(id, line.querySelector('a')!.textContent.trim())
  }
}

function totals(course: CourseState): string[] {
  const items = [...document.querySelectorAll<HTMLElement>('[data-go-on] [data-item]')].map(
    (item) => item.dataset.item!,
  )
  const done = (kind: string) => {
    const of = items.filter((item) => item.startsWith(`${kind}:`))
    return [of.filter((item) => itemState(course, item).state === 'done').length, of.length] as const
  }
  const steps = Object.values(course.labs).reduce((sum, { passed }) => sum + passed, 0)
  return [
    t.progress.lessonsDone(...done('lesson')),
    t.progress.labsDone(...done('lab')),
    t.progress.stepsDone(steps),
  ]
}

/** Asks for the name, where there is no account that has one, and makes the certificate. */
async function askName(path: string, title: string): Promise<void> {
  const session = await request<SessionState>('GET', '/api/session')
  const own = session.ways.includes('link')
  find('[data-name]').hidden = !own
  find('[data-name-known]').hidden = own
  const field = dialog.querySelector('input')!
  field.required = own
  find('[data-problem]').textContent = ''
  find('#certificate-title').textContent = t.progress.certificateFor(title)
  dialog.returnValue = ''
  dialog.showModal()
  dialog.onclose = async () => {
    if (dialog.returnValue !== 'make') return
    try {
      const { code } = await request<{ code: string }>('POST', '/api/certificates', {
        path,
        ...(own && { name: field.value.trim() }),
      })
      location.assign(`${href('/certificate/')}#${code}`)
    } catch (error) {
      dialog.showModal()
      find('[data-problem]').textContent = error instanceof ProblemError ? error.message : String(error)
    }
  }
}

async function readFile(file: File): Promise<string> {
  let content: object
  try {
    content = JSON.parse(await file.text())
  } catch {
    return t.progress.notAFile
  }
  try {
    const { lessons, steps, proven, unknown } = await request<ImportResult>(
      'POST',
      '/api/progress/file',
      content,
    )
    return [
      t.progress.imported(lessons, steps),
      ...(proven ? [] : [t.progress.unproven]),
      ...(unknown.length > 0 ? [t.progress.unknown(unknown.join(', '))] : []),
    ].join(' ')
  } catch (error) {
    return error instanceof ProblemError && error.status !== 400 ? error.message : t.progress.notAFile
  }
}

find<HTMLInputElement>('[data-import]').addEventListener('change', async ({ currentTarget }) => {
  const input = currentTarget as HTMLInputElement
  const file = input.files?.[0]
  if (!file) return
  find('[data-imported]').textContent = await readFile(file)
  input.value = ''
  await show()
})
void show()
