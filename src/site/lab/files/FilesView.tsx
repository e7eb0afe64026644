import { useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { Dialog } from '../Dialog.tsx'
import { Icon } from '../Icon.tsx'
import { IconButton } from '../IconButton.tsx'
import { Problem } from '../Problem.tsx'
import { announcement } from '../store.ts'
import { createEditor, type Editor } from './editor.ts'
import { FileTree } from './FileTree.tsx'
import {
  conflict,
  deleteFile,
  draft,
  followFiles,
  makeFile,
  opened,
  problem,
  resetFile,
  save,
  saving,
  settle,
  shownText,
  typed,
} from './model.ts'

/** The learner's files: a tree, and an editor that saves by itself and knows what the cluster would say to a manifest. */
export function FilesView() {
  useEffect(followFiles, [])
  return (
    <div class="files">
      <div class="file-side">
        <NewFile />
        <FileTree />
      </div>
      <EditorPane />
    </div>
  )
}

function EditorPane() {
  const host = useRef<HTMLDivElement>(null)
  const editor = useRef<Editor | undefined>(undefined)
  const comparing = useSignal<'starter' | 'disk' | undefined>(undefined)
  const shown = useRef<string | undefined>(undefined)

  useEffect(() => {
    const made = createEditor(host.current!, {
      typed,
      save: () => void save(),
      leave: () => {
        document.querySelector<HTMLElement>('.file-tree [aria-current]')?.focus()
        announcement.value = t.files.left
      },
    })
    editor.current = made
    return () => made.destroy()
  }, [])
  useSignalEffect(() => {
    const file = opened.value
    const text = shownText.value
    const original =
      comparing.value === 'starter'
        ? file?.starter
        : comparing.value === 'disk'
          ? conflict.value?.text
          : undefined
    if (!file) {
      shown.current = undefined
      return
    }
    if (shown.current !== file.path) {
      shown.current = file.path
      editor.current?.show(file.path, text)
      comparing.value = undefined
    } else editor.current?.replace(text)
    editor.current?.compare(original)
  })

  const file = opened.value
  return (
    <div class="editor-pane">
      {file && (
        <EditorBar
          comparing={comparing.value === 'starter'}
          onCompare={(on) => {
            comparing.value = on ? 'starter' : undefined
          }}
        />
      )}
      {conflict.value && (
        <div class="conflict" role="alert">
          <p>{t.files.conflict}</p>
          <button
            type="button"
            class="button small"
            onClick={() => {
              comparing.value = comparing.value === 'disk' ? undefined : 'disk'
            }}
          >
            {t.files.showDifference}
          </button>
          <button type="button" class="button small" onClick={() => void settle(true)}>
            {t.files.keepMine}
          </button>
          <button type="button" class="button small" onClick={() => void settle(false)}>
            {t.files.takeTheirs}
          </button>
        </div>
      )}
      {problem.value && <Problem problem={problem.value} />}
      <div class="editor" ref={host} hidden={!file} />
      {!file && <p class="pane-empty">{t.files.none}</p>}
    </div>
  )
}

function EditorBar({ comparing, onCompare }: { comparing: boolean; onCompare(on: boolean): void }) {
  const asking = useSignal<'reset' | 'delete' | undefined>(undefined)
  const file = opened.value
  if (!file) return null
  const changed = file.starter !== undefined && (draft.value ?? file.text) !== file.starter
  return (
    <div class="editor-bar">
      <span class="file-name">{file.path}</span>
      <span class={`saving ${saving.value}`} role="status">
        {t.files.saving[saving.value]}
      </span>
      {file.starter !== undefined && (
        <>
          <button
            type="button"
            class="button quiet small"
            aria-pressed={comparing}
            onClick={() => onCompare(!comparing)}
          >
            {t.files.compare}
          </button>
          <button
            type="button"
            class="button quiet small"
            aria-disabled={!changed}
            onClick={() => {
              if (changed) asking.value = 'reset'
            }}
          >
            {t.files.reset}
          </button>
        </>
      )}
      <IconButton
        icon="bin"
        label={t.files.delete(file.path)}
        onClick={() => {
          asking.value = 'delete'
        }}
      />
      {asking.value && (
        <Dialog
          title={asking.value === 'reset' ? t.files.resetTitle(file.path) : t.files.deleteTitle(file.path)}
          text={asking.value === 'reset' ? t.files.resetText : t.files.deleteText}
          confirm={asking.value === 'reset' ? t.files.reset : t.files.deleteConfirm}
          danger
          onDone={(confirmed) => {
            const what = asking.value
            asking.value = undefined
            if (confirmed) void (what === 'reset' ? resetFile() : deleteFile(file.path))
          }}
        />
      )}
    </div>
  )
}

function NewFile() {
  const asking = useSignal(false)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (asking.value) field.current?.focus()
  }, [asking.value])
  if (!asking.value)
    return (
      <button
        type="button"
        class="button quiet small"
        onClick={() => {
          asking.value = true
        }}
      >
        <Icon name="plus" />
        {t.files.new}
      </button>
    )
  return (
    <form
      class="new-file"
      onSubmit={(event) => {
        event.preventDefault()
        const name = field.current?.value.trim().replace(/^(~|\.)?\/+/, '')
        asking.value = false
        if (name) void makeFile(name)
      }}
    >
      <input
        ref={field}
        aria-label={t.files.newName}
        placeholder="k8s/deployment.yaml"
        autocomplete="off"
        spellcheck={false}
        onKeyDown={({ key }) => {
          if (key === 'Escape') asking.value = false
        }}
      />
      <button type="submit" class="button small">
        {t.files.make}
      </button>
    </form>
  )
}
