// Lints the spelling of lessons, labs and other texts that learners read: `node scripts/spelling.ts`. Prints the words that are neither English
// (as in the United Kingdom or the United States), nor names of our field, nor in content/words.txt; exits 1.
import { glob, readFile } from 'node:fs/promises'
import { spellCheckDocument } from 'cspell-lib'

const TEXTS = [
  'content/lessons/**/*.mdx',
  'content/{glossary,prices,sources}.yaml',
  'content/{guides,paths,pictures}/*.yaml',
  'labs/*/lab.yaml',
  'labs/*/steps/*.mdx',
  'src/site/i18n/en/*.ts',
  'README.md',
  'labs/*.md',
]

/** What no dictionary is asked about: code, commands, addresses, names of things in the cloud. */
const NO_PROSE = [
  '/^```[^]*?^```/gm',
  '/`[^`\\n]*`/g',
  '/https?:\\/\\/\\S+/g',
  '/\\]\\([^)]*\\)/g',
  '/\\$\\{[^}]*\\}/g',
  '/<\\/?[A-Za-z][^>]*?>/g',
  '/\\b[\\w.-]*[\\d_./:@-][\\w./:@-]*\\b/g',
]

const words = (await readFile('content/words.txt', 'utf8'))
  .split('\n')
  .filter((word) => word !== '' && !word.startsWith('#'))
const settings = {
  language: 'en,en-GB',
  dictionaries: [
    'en_us',
    'en-gb',
    'softwareTerms',
    'companies',
    'aws',
    'docker',
    'k8s',
    'bash',
    'node',
    'npm',
    'typescript',
    'networking-terms',
  ],
  ignoreRegExpList: NO_PROSE,
  words,
}

const unknown = new Map<string, string>()
let files = 0
for await (const file of glob(TEXTS)) {
  files++
  const { issues } = await spellCheckDocument(
    {
      uri: `file:///${file}`,
      text: await readFile(file, 'utf8'),
      languageId: 'markdown',
      locale: 'en,en-GB',
    },
    { generateSuggestions: false, noConfigSearch: true },
    settings,
  )
  for (const { text, line } of issues)
    if (!unknown.has(text)) unknown.set(text, `${file}:${text} in “${line.text.trim().slice(0, 80)}”`)
}
for (const place of unknown.values()) console.error(place)
console.log(`spelling: ${files} texts, ${unknown.size} unknown words`)
process.exitCode = unknown.size > 0 ? 1 : 0
