import { signal } from '@preact/signals'

const SIZES = { smallest: 11, usual: 14, largest: 22 }

function stored(key: string): string | null {
  return localStorage.getItem(`drydock.terminal.${key}`)
}

/** Size of the terminal's text, in px. */
export const fontSize = signal(clamp(Number(stored('font-size')) || SIZES.usual))

/** Whether xterm keeps a copy of the screen for screen readers. */
export const screenReader = signal(stored('screen-reader') === 'on')

fontSize.subscribe((size) => localStorage.setItem('drydock.terminal.font-size', String(size)))
screenReader.subscribe((on) => localStorage.setItem('drydock.terminal.screen-reader', on ? 'on' : 'off'))

export function changeFontSize(by: number): void {
  fontSize.value = clamp(fontSize.value + by)
}

function clamp(size: number): number {
  return Math.min(SIZES.largest, Math.max(SIZES.smallest, size))
}
