/** The quiz of a lesson: an answer is explained as soon as it is chosen. The choices are kept in this browser. */
export class QuizElement extends HTMLElement {
  connectedCallback(): void {
    const again = this.querySelector<HTMLButtonElement>('[data-again]')!
    const chosen = this.#read()
    for (const [question, choice] of Object.entries(chosen)) {
      const input = this.querySelector<HTMLInputElement>(
        `input[name="${CSS.escape(question)}"][value="${CSS.escape(choice)}"]`,
      )
      if (input) input.checked = true
    }
    for (const details of this.querySelectorAll('details')) details.hidden = true
    for (const input of this.#inputs())
      input.addEventListener('change', () => {
        chosen[input.name] = input.value
        this.#keep(chosen)
        this.#show()
      })
    again.addEventListener('click', () => {
      for (const input of this.#inputs()) {
        input.checked = false
        delete chosen[input.name]
      }
      this.#keep(chosen)
      this.#show()
    })
    this.#show()
  }

  #inputs(): HTMLInputElement[] {
    return [...this.querySelectorAll('input')]
  }

  #show(): void {
    const answers = [...this.querySelectorAll<HTMLElement>('.answer')]
    for (const answer of answers) {
      const { checked } = answer.querySelector('input')!
      answer.classList.toggle('chosen', checked)
      const details = answer.querySelector('details')!
      details.hidden = !checked
      details.open = checked
    }
    const done = answers.filter((answer) => answer.classList.contains('chosen'))
    const right = done.filter((answer) => answer.dataset.right === 'yes')
    const all = new Set(this.#inputs().map(({ name }) => name)).size
    const score = this.querySelector<HTMLElement>('.quiz-score')!
    score.textContent = done.length === 0 ? '' : `${score.dataset.score} ${right.length} / ${all}`
    this.querySelector<HTMLElement>('[data-again]')!.hidden = done.length === 0
  }

  get #key(): string {
    return `drydock.quiz.${this.dataset.lesson}`
  }

  #read(): Record<string, string> {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(this.#key) ?? '{}')
      return kept !== null && typeof kept === 'object' ? { ...(kept as Record<string, string>) } : {}
    } catch {
      return {}
    }
  }

  #keep(chosen: Record<string, string>): void {
    try {
      localStorage.setItem(this.#key, JSON.stringify(chosen))
    } catch {
      // A browser that keeps nothing: the quiz works all the same.
    }
  }
}
