import { indentWithTab } from '@codemirror/commands'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { unifiedMergeView } from '@codemirror/merge'
import { Compartment, EditorState } from '@codemirror/state'
import { EditorView, keymap } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { basicSetup } from 'codemirror'
import { t } from '../../i18n/index.ts'
import { languageOf } from './languages.ts'

export interface Editor {
  /** Shows a file, with what was typed in it and where. */
  show(path: string, text: string): void
  /** Takes a new text, keeping the cursor about where it is. */
  replace(text: string): void
  /** Marks what differs from a text; undefined: marks nothing. */
  compare(original: string | undefined): void
  focus(): void
  destroy(): void
}

interface Events {
  typed(text: string): void
  save(): void
  /** Somebody leaves by keyboard: Tab belongs to the text. */
  leave(): void
}

/**
 * A CodeMirror in a shadow root: there it gives its styles to `adoptedStyleSheets`, which the page's content policy allows,
 * and not to a `<style>` element, which it refuses.
 */
export function createEditor(host: HTMLElement, events: Events): Editor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open', delegatesFocus: true })
  const compared = new Compartment()
  /** What each file was left with: text, undo history, cursor. */
  const left = new Map<string, EditorState>()
  let shown = ''
  let quiet = false

  const stateOf = (path: string, text: string) =>
    EditorState.create({
      doc: text,
      extensions: [
        basicSetup,
        keymap.of([
          {
            key: 'Mod-s',
            run: () => {
              events.save()
              return true
            },
          },
          {
            key: 'F6',
            run: () => {
              events.leave()
              return true
            },
          },
          indentWithTab,
        ]),
        languageOf(path),
        compared.of([]),
        EditorView.contentAttributes.of({ 'aria-label': t.files.editing(path), tabindex: '0' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !quiet) events.typed(update.state.doc.toString())
        }),
        look,
        syntaxHighlighting(colours),
      ],
    })
  const view = new EditorView({ root, parent: root, state: stateOf('', '') })

  return {
    show(path, text) {
      if (shown) left.set(shown, view.state)
      shown = path
      const before = left.get(path)
      view.setState(before?.doc.toString() === text ? before : stateOf(path, text))
    },
    replace(text) {
      if (view.state.doc.toString() === text) return
      quiet = true
      const head = Math.min(view.state.selection.main.head, text.length)
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: text },
        selection: { anchor: head },
      })
      quiet = false
    },
    compare(original) {
      view.dispatch({
        effects: compared.reconfigure(
          original === undefined ? [] : unifiedMergeView({ original, mergeControls: false, gutter: true }),
        ),
      })
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  }
}

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '0.875rem', color: 'var(--ink)', backgroundColor: 'var(--surface)' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--accent)' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)' },
  '.cm-gutters': {
    backgroundColor: 'var(--page)',
    color: 'var(--muted)',
    borderRight: '1px solid var(--line)',
  },
  '.cm-activeLine, .cm-activeLineGutter': {
    backgroundColor: 'color-mix(in srgb, var(--sea) 7%, transparent)',
  },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'color-mix(in srgb, var(--sea) 28%, transparent)',
  },
  '.cm-tooltip': {
    border: '1px solid var(--line)',
    borderRadius: 'var(--radius-small)',
    backgroundColor: 'var(--raised)',
    color: 'var(--ink)',
    boxShadow: 'var(--shadow-high)',
  },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { background: 'var(--sea-wash)', color: 'var(--ink)' },
  '.cm-completionDetail': { color: 'var(--muted)', fontStyle: 'normal' },
  '.cm-completionInfo, .cm-explanation': {
    maxWidth: '26rem',
    maxHeight: '14rem',
    overflow: 'auto',
    padding: '0.5rem 0.7rem',
    fontFamily: 'var(--sans)',
    fontSize: '0.875rem',
    whiteSpace: 'pre-line',
  },
  '.cm-explanation p': { margin: '0 0 0.3rem' },
  '.cm-panels': { backgroundColor: 'var(--page)', color: 'var(--ink)', fontFamily: 'var(--sans)' },
  '.cm-textfield': { backgroundColor: 'var(--surface)', border: '1px solid var(--line-strong)' },
  '.cm-button': {
    backgroundImage: 'none',
    backgroundColor: 'var(--surface)',
    border: '1px solid var(--line-strong)',
  },
  '.cm-changedLine': { backgroundColor: 'var(--good-wash)' },
  '.cm-deletedChunk': { backgroundColor: 'var(--bad-wash)' },
  '.cm-matchingBracket': { backgroundColor: 'var(--sea-wash)' },
})

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.tagName], color: 'var(--accent)' },
  { tag: [tags.string, tags.attributeValue], color: 'var(--good)' },
  { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.attributeName], color: 'var(--sea)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--wait)' },
  { tag: [tags.comment, tags.meta], color: 'var(--muted)' },
  { tag: tags.invalid, color: 'var(--bad)' },
])
