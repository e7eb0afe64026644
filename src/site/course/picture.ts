/** `<Picture>`: its parts explain themselves when they are chosen; steps walk through it. */
export class PictureElement extends HTMLElement {
  #step = -1

  connectedCallback(): void {
    this.querySelector('details')!.open = false
    const shown = this.querySelector<HTMLElement>('.picture-explain')!
    shown.textContent = shown.dataset.hint ?? ''
    for (const part of this.#parts()) {
      const choose = () => this.#explain(part)
      part.addEventListener('click', choose)
      part.addEventListener('keydown', (event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return
        event.preventDefault()
        choose()
      })
    }
    const buttons = this.querySelector<HTMLElement>('.picture-buttons')
    if (!buttons) return
    buttons.hidden = false
    this.classList.add('stepping')
    for (const button of buttons.querySelectorAll<HTMLButtonElement>('[data-move]'))
      button.addEventListener('click', () => this.#go(this.#step + Number(button.dataset.move)))
    this.#go(0)
  }

  #parts(): SVGGElement[] {
    return [...this.querySelectorAll<SVGGElement>('.part')]
  }

  #explain(part: SVGGElement): void {
    const name = part.dataset.part!
    const text = this.querySelector(`[data-explain="${CSS.escape(name)}"]`)
    const shown = this.querySelector('.picture-explain')!
    const label = document.createElement('strong')
    label.textContent = `${text?.querySelector('dt')?.textContent}: `
    shown.replaceChildren(label, text?.querySelector('dd')?.textContent ?? '')
    for (const other of this.#parts()) other.classList.toggle('chosen', other === part)
  }

  #go(to: number): void {
    const steps = [...this.querySelectorAll<HTMLElement>('.picture-steps li')]
    this.#step = Math.max(0, Math.min(to, steps.length - 1))
    const [before, at] = [steps[this.#step - 1]?.dataset.at, steps[this.#step]?.dataset.at]
    for (const [index, step] of steps.entries()) {
      step.hidden = index > this.#step
      step.ariaCurrent = index === this.#step ? 'step' : null
    }
    for (const part of this.#parts()) part.classList.toggle('here', part.dataset.part === at)
    for (const arrow of this.querySelectorAll<SVGElement>('.arrow')) {
      const { from, to: end } = arrow.dataset
      arrow.classList.toggle('here', (from === before && end === at) || (from === at && end === before))
    }
    const count = this.querySelector<HTMLElement>('[data-count]')!
    count.textContent = `${this.#step + 1} ${count.dataset.count} ${steps.length}`
    for (const button of this.querySelectorAll<HTMLButtonElement>('[data-move]')) {
      const next = this.#step + Number(button.dataset.move)
      button.disabled = next < 0 || next >= steps.length
    }
  }
}
