import '@xterm/xterm/css/xterm.css'
import { effect } from '@preact/signals'
import { FitAddon } from '@xterm/addon-fit'
import { SearchAddon } from '@xterm/addon-search'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { Terminal } from '@xterm/xterm'
import { t } from '../../i18n/index.ts'
import { isDark, onThemeChange } from '../../theme.ts'
import { withRoutedStyles } from './csp-styles.ts'
import { palettes } from './palette.ts'
import { colours, fontSize, screenReader } from './preferences.ts'
import { openLink } from './questions.ts'

const FONT = "'IBM Plex Mono', ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, monospace"

/** The grid is measured by the font, so the font must be there before the screen. */
export async function loadFonts(): Promise<void> {
  await Promise.allSettled([400, 700].map((weight) => document.fonts.load(`${weight} 14px 'IBM Plex Mono'`)))
}

export interface XtermScreen {
  xterm: Terminal
  search: SearchAddon
  /** Fits the grid to the element; does nothing while it is hidden. */
  fit(): void
  dispose(): void
}

/** An xterm in an element, in the page's colours. OSC 52 (clipboard access for programs) is off: no addon handles it. */
export function createScreen(element: HTMLElement, name: string): XtermScreen {
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
    linkHandler: { activate: (_event, address) => void openLink(address) },
  })
  const fitter = new FitAddon()
  const search = new SearchAddon()
  xterm.loadAddon(fitter)
  xterm.loadAddon(search)
  xterm.loadAddon(new WebLinksAddon((_event, address) => void openLink(address)))
  withRoutedStyles(() => xterm.open(element))
  xterm.textarea?.setAttribute('aria-label', t.terminal.input(name))

  const fitGrid = () => element.clientWidth > 0 && fitter.fit()
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
