import { keepLesson } from './client.ts'

/**
 * The quiz of a lesson: an answer is explained as soon as it is chosen. The choices are kept on the server, and in this browser for when it
 * does not answer.
 */
export class QuizElement extends HTMLElement {
  connectedCallback(): void {
    const again = this.querySelector<HTMLButtonElement>('[data-again]')!
    const chosen = this.#read()
    this.#check(chosen)
    for (const details of this.querySelectorAll('details')) details.hidden = true
    for (const input of this.#inputs())
      input.addEventListener('change', () => {
        chosen[input.name] = input.value
        this.#keep(chosen)
        void keepLesson(this.#lesson, { [numberOf(input.name)]: input.value })
        this.#show()
      })
    again.addEventListener('click', () => {
      for (const input of this.#inputs()) {
        input.checked = false
        if (chosen[input.name] !== undefined) void keepLesson(this.#lesson, { [numberOf(input.name)]: '' })
        delete chosen[input.name]
      }
      this.#keep(chosen)
      this.#show()
    })
    this.#show()
    void this.#meetServer(chosen)
  }

  /** Tells the server what it does not know yet, and takes over what it knows: perhaps from another browser. */
  async #meetServer(chosen: Record<string, string>): Promise<void> {
    const record = await keepLesson(this.#lesson, {})
    if (!record) return
    for (const [name, choice] of Object.entries(chosen))
      if (!record.answers[numberOf(name)]) void keepLesson(this.#lesson, { [numberOf(name)]: choice })
    for (const [number, { choice }] of Object.entries(record.answers))
      if (choice !== '') chosen[`question-${number}`] = choice
    this.#keep(chosen)
    this.#check(chosen)
    this.#show()
  }

  #check(chosen: Record<string, string>): void {
    for (const [question, choice] of Object.entries(chosen)) {
      const input = this.querySelector<HTMLInputElement>(
        `input[name="${CSS.escape(question)}"][value="${CSS.escape(choice)}"]`,
      )
      if (input) input.checked = true
    }
  }

  get #lesson(): string {
    return this.dataset.lesson!
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
    return `drydock.quiz.${this.#lesson}`
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

/** `question-2` → `2` */
const numberOf = (name: string) => name.replace(/^question-/, '')
