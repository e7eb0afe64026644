/** `<Guide>`: shows one question at a time, then the advice that the answers lead to. */
export class GuideElement extends HTMLElement {
  connectedCallback(): void {
    const again = this.querySelector<HTMLButtonElement>('[data-again]')!
    const show = (place: string, focus: boolean) => {
      for (const section of this.querySelectorAll<HTMLElement>('[data-place]')) {
        section.hidden = section.dataset.place !== place
        if (focus && !section.hidden) section.focus({ preventScroll: true })
      }
      again.hidden = place === this.dataset.start
    }
    for (const link of this.querySelectorAll<HTMLAnchorElement>('[data-to]'))
      link.addEventListener('click', (event) => {
        event.preventDefault()
        show(link.dataset.to!, true)
      })
    again.addEventListener('click', () => show(this.dataset.start!, true))
    show(this.dataset.start!, false)
  }
}
