import { fileURLToPath } from 'node:url'
import { satteri } from '@astrojs/markdown-satteri'
import mdx from '@astrojs/mdx'
import preact from '@astrojs/preact'
import { defineConfig } from 'astro/config'
import { highlighting } from './src/site/highlighting.ts'

/** The pages are built in one language at a time (`src/site/languages.ts`). */
const language = process.env.DRYDOCK_LANGUAGE ?? 'en'
const texts = (id) => fileURLToPath(new URL(`./src/site/i18n/${id}/index.ts`, import.meta.url))

/** Puts the texts of the language in the place of the English ones. */
const translation = {
  name: 'drydock-texts',
  enforce: 'pre',
  resolveId: (id, importer) =>
    id === './en/index.ts' && importer?.endsWith('/site/i18n/index.ts') ? texts(language) : undefined,
}

/** Small modules that pages need together come in one file each: on a slow line a request costs more than its kilobyte. */
const together = [
  // What most pages have.
  {
    name: 'page',
    test: /src\/site\/(?:(?:api|href|sign-in|session-menu|theme|language|company|code-actions)|course\/(?:term-cards|predict))\.ts$|vite\/preload-helper/,
  },
  // What those with islands have, and then what the lab's page has. Not what begins it: a page that takes a part would begin it, too.
  {
    name: 'islands',
    test: /node_modules\/(?:preact|@preact)\/|src\/site\/(?:lab\/(?:Dialog|Problem|Icon|IconButton|Scroll|backoff|stored|mount)|classroom\/(?:Form|Field))\.tsx?$/,
  },
  {
    name: 'lab',
    test: /src\/site\/(?:lab\/(?!main\.)[\w-]+|lab\/layout\/[\w-]+|lab\/terminal\/(?:TerminalPane|StartPanel|Recorded|bridge)|lab\/comparison\/ComparisonPanel|classroom\/LearnerBar|i18n\/[\w-]+\/(?:lab|terminal|files|preview))\.tsx?$/,
  },
]

/** The site is static: pages are built once, the server only serves them and answers the API. */
export default defineConfig({
  srcDir: './src/site',
  publicDir: './src/site/public',
  outDir: './dist/astro',
  output: 'static',
  trailingSlash: 'always',
  integrations: [mdx(), preact()],
  markdown: {
    // Off, because it turns the `--` of a command-line flag into a dash.
    processor: satteri({ features: { smartPunctuation: false, directive: false } }),
    shikiConfig: highlighting,
  },
  // Nothing inline: the content security policy allows scripts and styles from files only.
  build: { inlineStylesheets: 'never', assets: 'assets' },
  vite: {
    plugins: [translation],
    build: {
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { output: { codeSplitting: { groups: together } } },
    },
  },
  devToolbar: { enabled: false },
  telemetry: false,
})
