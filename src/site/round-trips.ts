import { createHash } from 'node:crypto'
import { glob, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { init, parse } from 'es-module-lexer'

/** Up to here, characters, a script stands in its page: asking for it would take longer than it does. */
const SMALL = 4_000

/** What es-module-lexer calls kinds of imports. */
const STATIC = -1
const IMPORT_META = -2

const STYLES = /<link rel="stylesheet" href="\/assets\/([\w.-]+\.css)">/g
const SCRIPTS = /<script type="module" src="\/assets\/([\w.-]+\.js)"><\/script>/g

/**
 * Lets a browser ask for all that a built page needs as soon as it has the page: one style sheet, small scripts in the page itself, and
 * word of what the others import. `folder` is the site, its assets in `assets`.
 */
export async function saveRoundTrips(folder: string): Promise<void> {
  await init
  const assets = new Assets(join(folder, 'assets'))
  for await (const name of glob('**/*.html', { cwd: folder })) {
    const file = join(folder, name)
    const html = await readFile(file, 'utf8')
    await writeFile(file, await completePage(html, assets))
  }
}

async function completePage(html: string, assets: Assets): Promise<string> {
  const styles = names(html, STYLES)
  const scripts = names(html, SCRIPTS)
  const inline = new Map<string, string>()
  const wanted = new Set<string>()
  for (const name of scripts) {
    const { code, imports } = await assets.script(name)
    if (code !== undefined && code.length <= SMALL) inline.set(name, code)
    for (const found of await assets.allImports(imports)) wanted.add(found)
  }
  for (const name of scripts) wanted.delete(name)
  const sheet = styles.length > 1 ? await assets.joinStyles(styles) : styles[0]
  const head = [
    ...(sheet === undefined ? [] : [`<link rel="stylesheet" href="/assets/${sheet}">`]),
    ...[...wanted].map((name) => `<link rel="modulepreload" href="/assets/${name}">`),
  ].join('')
  return html
    .replace(STYLES, '')
    .replace('</head>', () => `${head}</head>`)
    .replace(SCRIPTS, (tag, name) => {
      const code = inline.get(name)
      return code === undefined ? tag : `<script type="module">${code}</script>`
    })
}

interface Script {
  /** As it may stand in a page: what it imports is named by whole addresses. Undefined if it may not. */
  code: string | undefined
  /** Names of the assets that it needs to run. */
  imports: string[]
}

/** The built scripts and styles of a site, by name. */
class Assets {
  readonly #folder: string
  readonly #scripts = new Map<string, Promise<Script>>()
  readonly #sheets = new Map<string, Promise<string>>()

  constructor(folder: string) {
    this.#folder = folder
  }

  script(name: string): Promise<Script> {
    return kept(this.#scripts, name, async () => {
      const source = await readFile(join(this.#folder, name), 'utf8')
      const imports: string[] = []
      let code = ''
      let end = 0
      let movable = !/<\/?script/i.test(source)
      for (const { n: wanted, s: start, d: dynamic } of parse(source)[0]) {
        if (dynamic === IMPORT_META) movable = false
        if (!wanted?.startsWith('./')) continue
        const from = source.indexOf('./', start)
        code += `${source.slice(end, from)}/assets/`
        end = from + 2
        if (dynamic === STATIC) imports.push(wanted.slice(2))
      }
      return { code: movable ? (code + source.slice(end)).trim() : undefined, imports }
    })
  }

  /** These scripts, and all that they import. */
  async allImports(imports: string[]): Promise<Set<string>> {
    const found = new Set(imports)
    for (const name of found) for (const more of (await this.script(name)).imports) found.add(more)
    return found
  }

  /** The name of a style sheet that says what these say, one after the other. */
  joinStyles(names: string[]): Promise<string> {
    return kept(this.#sheets, names.join(), async () => {
      const texts = await Promise.all(names.map((name) => readFile(join(this.#folder, name), 'utf8')))
      const text = texts.join('')
      const name = `page.${createHash('sha256').update(text).digest('base64url').slice(0, 8)}.css`
      await writeFile(join(this.#folder, name), text)
      return name
    })
  }
}

function names(html: string, pattern: RegExp): string[] {
  return [...html.matchAll(pattern)].map(([, name]) => name!)
}

function kept<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}
