import { effect } from '@preact/signals'
import { FitAddon } from '@xterm/addon-fit'
import { SearchAddon } from '@xterm/addon-search'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { Terminal } from '@xterm/xterm'
import { t } from '../../i18n/index.ts'
import { isDark, onThemeChange } from '../../theme.ts'
import type { Screen } from './connection.ts'
import { withRoutedStyles } from './csp-styles.ts'
import { palettes } from './palette.ts'
import { colours, fontSize, screenReader } from './preferences.ts'
import { openLink } from './questions.ts'

const FONT = "'IBM Plex Mono', ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, monospace"

/** The grid is measured by the font, so the font must be there before the screen. */
export async function loadFonts(): Promise<void> {
  // On a first visit the page asks for fonts when it has loaded (`first.js`).
  if (document.readyState !== 'complete') await new Promise((resolve) => addEventListener('load', resolve))
  await Promise.allSettled([400, 700].map((weight) => document.fonts.load(`${weight} 14px 'IBM Plex Mono'`)))
}

export interface XtermScreen {
  xterm: Terminal
  /** What a connection feeds. */
  output: Screen
  search: SearchAddon
  /** Fits the grid to the element; does nothing while it is hidden. */
  fit(): void
  dispose(): void
}

/**
 * What a program may tell a terminal beside text: titles, colours, links, clipboard, marks of shells and editors.
 * https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, https://iterm2.com/documentation-escape-codes.html
 */
const OPERATING_SYSTEM_COMMANDS = [
  0, 1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 17, 19, 22, 50, 52, 104, 105, 110, 111, 112, 117, 119, 133, 633,
  777, 1337,
]

/**
 * An xterm in an element, in the page's colours. OSC 52 (clipboard access for programs) is off: no addon handles it.
 * `shielded` is for the output of others: it has the size that it is given, nothing in it is a link, and no OSC does anything.
 */
export function createScreen(
  element: HTMLElement,
  name: string,
  { shielded = false }: { shielded?: boolean } = {},
): XtermScreen {
  const xterm = new Terminal({
    fontFamily: FONT,
    fontSize: fontSize.value,
    lineHeight: 1.2,
    scrollback: 10_000,
    minimumContrastRatio: 4.5,
    cursorInactiveStyle: 'outline',
    cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches,
    screenReaderMode: screenReader.value,
    theme: theme(),
    linkHandler: shielded ? null : { activate: (_event, address) => void openLink(address) },
  })
  const fitter = new FitAddon()
  const search = new SearchAddon()
  xterm.loadAddon(fitter)
  xterm.loadAddon(search)
  if (shielded) for (const id of OPERATING_SYSTEM_COMMANDS) xterm.parser.registerOscHandler(id, () => true)
  else xterm.loadAddon(new WebLinksAddon((_event, address) => void openLink(address)))
  withRoutedStyles(() => xterm.open(element))
  xterm.textarea?.setAttribute('aria-label', t.terminal.input(name))

  const fitGrid = () => !shielded && element.clientWidth > 0 && fitter.fit()
  const observer = new ResizeObserver(fitGrid)
  observer.observe(element)
  const stopTheme = onThemeChange(() => {
    xterm.options.theme = theme()
  })
  const stopPreferences = effect(() => {
    xterm.options.fontSize = fontSize.value
    xterm.options.theme = theme()
    xterm.options.screenReaderMode = screenReader.value
    fitGrid()
  })
  return {
    xterm,
    output: {
      size: () => ({ columns: xterm.cols, rows: xterm.rows }),
      restore(text) {
        xterm.reset()
        xterm.write(text)
      },
      write: (bytes, parsed) => xterm.write(bytes, parsed),
    },
    search,
    fit: fitGrid,
    dispose() {
      observer.disconnect()
      stopTheme()
      stopPreferences()
      xterm.dispose()
    },
  }
}

function theme() {
  const own = colours.value
  return palettes[own === 'page' ? (isDark() ? 'dark' : 'light') : own]
}
