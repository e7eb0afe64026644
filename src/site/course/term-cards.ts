/** A card of the glossary goes away on Escape, although pointer or focus are still there. */
export function dismissCards(): void {
  document.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape') return
    for (const term of document.querySelectorAll('.term:hover, .term:focus-within')) {
      term.classList.add('dismissed')
      const back = () => term.classList.remove('dismissed')
      term.addEventListener('pointerleave', back, { once: true })
      term.addEventListener('focusout', back, { once: true })
    }
  })
}
