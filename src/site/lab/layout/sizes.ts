import { stored, within } from '../stored.ts'

/** Shares of panes, in percent of the space that they divide, and what a click on the divider goes through. */
export const SIZES = {
  steps: { least: 20, most: 75, presets: [43, 60, 28] },
  /** The steps' height where panes stand above one another. */
  'steps-narrow': { least: 20, most: 75, presets: [50, 70, 30] },
  /** The height of what stands above the terminal. */
  above: { least: 15, most: 85, presets: [58, 75, 35] },
  split: { least: 20, most: 80, presets: [50, 65, 35] },
} as const satisfies Record<string, { least: number; most: number; presets: readonly number[] }>
export type SizeName = keyof typeof SIZES

const names = Object.keys(SIZES) as SizeName[]
export const sizes = Object.fromEntries(
  names.map((name) => {
    const { least, most, presets } = SIZES[name]
    return [name, stored<number>(`size.${name}`, presets[0], within(least, most))]
  }),
) as Record<SizeName, ReturnType<typeof stored<number>>>

// Styles through the object model: the content policy allows no style attributes.
for (const name of names)
  sizes[name].subscribe((share) => document.documentElement.style.setProperty(`--${name}`, `${share}%`))
