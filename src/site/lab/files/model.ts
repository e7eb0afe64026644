import { computed, signal } from '@preact/signals'
import type { ApiProblem, FileEntry, OpenedFile } from '#server/api.ts'
import { ProblemError, request } from '../../api.ts'
import { Backoff } from '../backoff.ts'
import { labId } from '../store.ts'

const path = `/api/labs/${encodeURIComponent(labId)}`
const OPEN_KEY = `drydock.file.${labId}`
const DRAFT_KEY = `drydock.draft.${labId}.`
/** Typing rests so long, ms, before it is saved. */
const SAVE_AFTER = 700

export const entries = signal<FileEntry[] | undefined>()
/** The file on the screen as it is on disk. */
export const opened = signal<OpenedFile | undefined>()
/** What was typed and is not on disk yet. */
export const draft = signal<string | undefined>()
export const saving = signal<'saved' | 'waiting' | 'saving' | 'failed'>('saved')
/** Another program has written the file while there was a draft of it: what is on disk. */
export const conflict = signal<OpenedFile | undefined>()
export const problem = signal<ApiProblem['error'] | undefined>()
/** What the editor shows: the draft, else what is on disk. */
export const shownText = computed(() => draft.value ?? opened.value?.text ?? '')

const fileUrl = (name: string, act = '') => `${path}/file${act}?path=${encodeURIComponent(name)}`
let timer: ReturnType<typeof setTimeout> | undefined

/** Follows the home folder; the file on the screen follows what commands do to it. Gives what ends it. */
export function followFiles(): () => void {
  let source: EventSource | undefined
  const retry = new Backoff(connect)
  function connect() {
    source?.close()
    if (document.hidden) return
    source = new EventSource(`${path}/files`)
    source.onmessage = ({ data }) => {
      retry.reset()
      entries.value = JSON.parse(data) as FileEntry[]
      void refresh()
    }
    source.onerror = () => {
      source?.close()
      retry.later()
    }
  }
  const looked = () => (document.hidden ? source?.close() : connect())
  document.addEventListener('visibilitychange', looked)
  addEventListener('pagehide', keep)
  connect()
  const remembered = sessionStorage.getItem(OPEN_KEY)
  if (remembered && !opened.peek()) void openFile(remembered)
  return () => {
    document.removeEventListener('visibilitychange', looked)
    removeEventListener('pagehide', keep)
    retry.close()
    source?.close()
    void save()
  }
}

export async function openFile(name: string): Promise<void> {
  await save()
  await attempt(async () => {
    const file = await request<OpenedFile>('GET', fileUrl(name))
    opened.value = file
    conflict.value = undefined
    saving.value = 'saved'
    sessionStorage.setItem(OPEN_KEY, name)
    // What a closed tab or a dead server left unsaved.
    const kept = recall(name)
    draft.value = kept && kept.text !== file.text ? kept.text : undefined
    if (!kept || draft.value === undefined) return
    if (kept.version === file.version) saveSoon()
    else conflict.value = file
  })
}

/** Takes what was typed; it is saved when the typing rests. */
export function typed(text: string): void {
  draft.value = text
  saveSoon()
}

export async function save(): Promise<void> {
  clearTimeout(timer)
  const file = opened.peek()
  const text = draft.peek()
  if (!file || text === undefined || conflict.peek() || saving.peek() === 'saving') return
  saving.value = 'saving'
  try {
    const { version } = await request<{ version: string }>('PUT', fileUrl(file.path), {
      text,
      version: file.version,
    })
    opened.value = { ...file, text, version }
    sessionStorage.removeItem(DRAFT_KEY + file.path)
    problem.value = undefined
    if (draft.peek() === text) {
      draft.value = undefined
      saving.value = 'saved'
    } else saveSoon()
  } catch (error) {
    saving.value = 'failed'
    if (!(error instanceof ProblemError)) throw error
    if (error.problem.code === 'changed') await meetConflict(file.path)
    else {
      problem.value = error.problem
      keep()
      // The server is away: once more, until it is back.
      if (error.status === 0) timer = setTimeout(() => void save(), 2000)
    }
  }
}

/** Keeps the draft in the browser, for a reload or a server that is away. */
function keep(): void {
  const file = opened.peek()
  const text = draft.peek()
  if (!file || text === undefined) return
  const kept: Kept = { text, version: file.version }
  sessionStorage.setItem(DRAFT_KEY + file.path, JSON.stringify(kept))
}

/** A draft, and of which version of the file it is. */
interface Kept {
  text: string
  version: string
}

function recall(name: string): Kept | undefined {
  const kept = sessionStorage.getItem(DRAFT_KEY + name)
  return kept === null ? undefined : (JSON.parse(kept) as Kept)
}

function saveSoon(): void {
  if (saving.peek() !== 'saving') saving.value = 'waiting'
  clearTimeout(timer)
  timer = setTimeout(() => void save(), SAVE_AFTER)
}

/** Settles a conflict: with the draft, or with what is on disk. */
export async function settle(mine: boolean): Promise<void> {
  const there = conflict.peek()
  if (!there) return
  conflict.value = undefined
  opened.value = there
  problem.value = undefined
  if (mine) return save()
  draft.value = undefined
  saving.value = 'saved'
  sessionStorage.removeItem(DRAFT_KEY + there.path)
}

/** Puts back what the lab brought. */
export function resetFile(): Promise<void> {
  return attempt(async () => {
    const file = opened.peek()
    if (!file) return
    opened.value = await request<OpenedFile>('POST', fileUrl(file.path, '/reset'))
    draft.value = undefined
    saving.value = 'saved'
    sessionStorage.removeItem(DRAFT_KEY + file.path)
  })
}

export function makeFile(name: string): Promise<void> {
  return attempt(async () => {
    await request('PUT', fileUrl(name), { text: '' })
    await openFile(name)
  })
}

export function deleteFile(name: string): Promise<void> {
  return attempt(async () => {
    await request('DELETE', fileUrl(name))
    if (opened.peek()?.path === name) closeFile()
  })
}

function closeFile(): void {
  opened.value = undefined
  draft.value = undefined
  saving.value = 'saved'
  sessionStorage.removeItem(OPEN_KEY)
}

/** Looks whether a command has changed the file on the screen. */
async function refresh(): Promise<void> {
  const file = opened.peek()
  if (!file || saving.peek() === 'saving') return
  const there = await request<OpenedFile>('GET', fileUrl(file.path)).catch((error) => {
    if (error instanceof ProblemError && error.status === 404 && draft.peek() === undefined) closeFile()
    return undefined
  })
  if (!there || opened.peek() !== file || there.version === file.version) return
  if (draft.peek() === undefined || draft.peek() === there.text) {
    opened.value = there
    draft.value = undefined
    saving.value = 'saved'
  } else conflict.value = there
}

async function meetConflict(name: string): Promise<void> {
  const there = await request<OpenedFile>('GET', fileUrl(name)).catch(() => undefined)
  const file = opened.peek()
  if (!file || file.path !== name) return
  // Gone from the disk: to save it makes it again.
  conflict.value = there ?? { ...file, text: '', version: '' }
}

async function attempt(act: () => Promise<void>): Promise<void> {
  problem.value = undefined
  await act().catch((error) => {
    if (!(error instanceof ProblemError)) throw error
    problem.value = error.problem
  })
}
