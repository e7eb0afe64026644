import { type CompletionContext, completeFromList } from '@codemirror/autocomplete'
import { json, jsonParseLinter } from '@codemirror/lang-json'
import { yaml, yamlLanguage } from '@codemirror/lang-yaml'
import { LanguageSupport, StreamLanguage } from '@codemirror/language'
import { dockerFile } from '@codemirror/legacy-modes/mode/dockerfile'
import { shell } from '@codemirror/legacy-modes/mode/shell'
import { html } from '@codemirror/legacy-modes/mode/xml'
import { linter } from '@codemirror/lint'
import type { Extension } from '@codemirror/state'
import { hoverTooltip } from '@codemirror/view'
import { completeManifest, explain } from './schema/help.ts'
import { mistakesIn } from './schema/validate.ts'

/** https://docs.docker.com/reference/dockerfile/ (from knowledge) */
const INSTRUCTIONS = [
  'FROM',
  'RUN',
  'CMD',
  'LABEL',
  'EXPOSE',
  'ENV',
  'ADD',
  'COPY',
  'ENTRYPOINT',
  'VOLUME',
  'USER',
  'WORKDIR',
  'ARG',
  'ONBUILD',
  'STOPSIGNAL',
  'HEALTHCHECK',
  'SHELL',
]

/** What the editor knows of a file's language, by its name. */
export function languageOf(path: string): Extension {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (/\.ya?ml$/.test(name) || path === '.kube/config') return manifests()
  if (/\.json$/.test(name)) return [json(), linter(jsonParseLinter())]
  if (/^Dockerfile|\.dockerfile$/i.test(name)) return dockerfiles()
  if (/\.html?$/.test(name)) return StreamLanguage.define(html)
  if (/\.sh$|^\.bash|^\.profile$/.test(name)) return StreamLanguage.define(shell)
  return []
}

function manifests(): Extension {
  return [
    new LanguageSupport(yaml().language, yamlLanguage.data.of({ autocomplete: completeManifest })),
    linter((view) => mistakesIn(view.state.doc.toString()), { delay: 400 }),
    hoverTooltip(async (view, pos) => {
      const found = await explain(view.state, pos)
      return found
        ? { pos: found.from, end: found.to, above: true, create: () => ({ dom: explanation(found) }) }
        : null
    }),
  ]
}

function dockerfiles(): Extension {
  const language = StreamLanguage.define(dockerFile)
  const words = completeFromList(
    INSTRUCTIONS.map((label) => ({ label, apply: `${label} `, type: 'keyword' })),
  )
  const complete = (context: CompletionContext) => (context.matchBefore(/^\s*\w*/) ? words(context) : null)
  return new LanguageSupport(language, language.data.of({ autocomplete: complete }))
}

function explanation({ name, type, text }: { name: string; type: string; text: string }): HTMLElement {
  const dom = document.createElement('div')
  dom.className = 'cm-explanation'
  const head = dom.appendChild(document.createElement('p'))
  head.appendChild(document.createElement('b')).textContent = name
  head.append(` ${type}`)
  if (text) dom.appendChild(document.createElement('p')).textContent = text
  return dom
}
