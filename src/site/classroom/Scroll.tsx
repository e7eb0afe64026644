import type { ComponentChildren } from 'preact'

/** What scrolls and must be reached by the keyboard. */
export function Scroll({ children }: { children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it the keyboard cannot scroll.
    <div class="board-scroll" tabIndex={0}>
      {children}
    </div>
  )
}
