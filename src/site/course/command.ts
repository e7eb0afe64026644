import type { CommandVerdict } from '#server/api.ts'
import { ProblemError, request } from '../api.ts'
import { t } from '../i18n/index.ts'

/** A question that is answered by a command: the server runs it in a copy of the lesson's world, and says what came of it. */
export class CommandElement extends HTMLElement {
  connectedCallback(): void {
    this.querySelector('form')!.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#run()
    })
  }

  async #run(): Promise<void> {
    const field = this.querySelector('input')!
    const button = this.querySelector('button')!
    if (button.disabled) return
    button.disabled = true
    this.#say(t.command.running)
    try {
      const { right, reason, output } = await request<CommandVerdict>(
        'POST',
        `/api/lessons/${this.dataset.lesson}/answers`,
        { question: Number(this.dataset.number), command: field.value },
      )
      this.#say(right ? t.command.right : t.command.wrong[reason ?? 'effect'], right, output)
    } catch (error) {
      this.#say(error instanceof ProblemError ? error.message : String(error), false)
    } finally {
      button.disabled = false
    }
  }

  #say(text: string, right?: boolean, output = ''): void {
    const verdict = this.querySelector<HTMLElement>('.command-verdict')!
    verdict.textContent = text
    verdict.classList.toggle('good', right === true)
    verdict.classList.toggle('bad', right === false)
    this.querySelector<HTMLElement>('.why')!.hidden = right !== true
    this.querySelector<HTMLElement>('.output')!.hidden = output === ''
    this.querySelector('pre code')!.textContent = output
  }
}
