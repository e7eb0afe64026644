import { oneOf, stored, within, yesOrNo } from '../stored.ts'

const SIZES = { smallest: 11, usual: 14, largest: 22 }
const size = within(SIZES.smallest, SIZES.largest)

/** Size of the terminal's text, in px. */
export const fontSize = stored('terminal.font-size', SIZES.usual, size)

/**
 * Whether xterm keeps a copy of the screen for screen readers. No page can see a screen reader; forced colours are the
 * nearest that a browser tells of, so it is on with them until somebody decides.
 */
export const screenReader = stored(
  'terminal.screen-reader',
  matchMedia('(forced-colors: active)').matches,
  yesOrNo,
)

export const COLOURS = ['page', 'light', 'dark', 'contrast'] as const
/** The terminal's colours: those of the page, or its own. */
export const colours = stored<(typeof COLOURS)[number]>('terminal.colours', 'page', oneOf(COLOURS))

export function changeFontSize(by: number): void {
  fontSize.value = size(fontSize.value + by) ?? SIZES.usual
}
