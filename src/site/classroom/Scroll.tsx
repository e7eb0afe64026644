import type { ComponentChildren } from 'preact'

/** What scrolls and must be reached by the keyboard. */
export function Scroll({
  children,
  class: name = 'board-scroll',
}: {
  children: ComponentChildren
  class?: string
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it the keyboard cannot scroll.
    <div class={name} tabIndex={0}>
      {children}
    </div>
  )
}
