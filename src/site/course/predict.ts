/** `<Predict>`: what follows the question is shown once the reader has guessed, or does not want to. */
export class PredictElement extends HTMLElement {
  connectedCallback(): void {
    const rest = this.querySelector<HTMLElement>('.predict-rest')!
    const skip = this.querySelector<HTMLButtonElement>('[data-skip]')!
    const verdict = this.querySelector<HTMLElement>('.predict-verdict')!
    const inputs = [...this.querySelectorAll<HTMLInputElement>('input')]
    // One form for the whole page: each question needs a name of its own.
    const name = `predict-${[...document.querySelectorAll('drydock-predict')].indexOf(this)}`
    const open = () => {
      rest.hidden = false
      skip.hidden = true
    }
    for (const [index, input] of inputs.entries()) {
      input.name = name
      input.addEventListener('change', () => {
        const hit = String(index) === this.dataset.right
        verdict.textContent = (hit ? verdict.dataset.hit : verdict.dataset.miss) ?? ''
        open()
      })
    }
    rest.hidden = true
    skip.hidden = false
    skip.addEventListener('click', open)
  }
}
