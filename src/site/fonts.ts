import mono from '@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-400-normal.woff2?url'
import monoBold from '@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-700-normal.woff2?url'
import display from '@fontsource-variable/bricolage-grotesque/files/bricolage-grotesque-latin-wght-normal.woff2?url'
import italic from '@fontsource-variable/ibm-plex-sans/files/ibm-plex-sans-latin-wght-italic.woff2?url'
import sans from '@fontsource-variable/ibm-plex-sans/files/ibm-plex-sans-latin-wght-normal.woff2?url'

interface Face {
  family: string
  weight: string
  style?: 'italic'
  file: string
}

const FACES: Face[] = [
  { family: 'Bricolage Grotesque', weight: '200 800', file: display },
  { family: 'IBM Plex Sans', weight: '100 700', file: sans },
  { family: 'IBM Plex Sans', weight: '100 700', style: 'italic', file: italic },
  { family: 'IBM Plex Mono', weight: '400', file: mono },
  { family: 'IBM Plex Mono', weight: '700', file: monoBold },
]

/**
 * The rules of the site's own fonts: part of each page, so that `first.js` decides when they are asked for. Text that is read stays in the
 * font in which it was first shown: lines that break elsewhere would move what one reads, and the next page has the fonts from its start.
 */
export const fontRules = (shown: 'at once' | 'later') =>
  FACES.map(
    ({ family, weight, style = 'normal', file }) =>
      `@font-face{font-family:"${family}";src:url("${file}")format("woff2");font-weight:${weight};font-style:${style};font-display:${shown === 'later' ? 'swap' : 'optional'}}`,
  ).join('')

/** The files that nearly all text of a page is set in. */
export const readingFonts = [display, sans]
