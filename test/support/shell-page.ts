import type { Page } from 'playwright-core'

/** Types into the lab page's terminal as a person does: a line, Enter, and the next when the prompt is back. */
export class ShellPage {
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
  }

  /** Types a script line by line, leaving out comments and empty lines. */
  async run(script: string, patience: number): Promise<void> {
    for (const line of script.split('\n')) {
      if (line.trim() === '' || line.startsWith('#')) continue
      await this.ready(patience)
      await this.#page.keyboard.type(line)
      await this.#cursorAt(line.slice(-10), true)
      await this.#page.keyboard.press('Enter')
      await this.#cursorAt(line.slice(-10), false)
    }
    await this.ready(patience)
  }

  /** Waits until the line with the cursor is an empty prompt, of the shell or of a here-document; leaves pagers. */
  async ready(patience: number): Promise<void> {
    const input = this.#page.locator('.terminal-view.active .xterm-helper-textarea')
    await input.waitFor({ state: 'attached' })
    // The key that leads into the terminal leads out of it too.
    if (!(await input.evaluate((element) => element === document.activeElement)))
      await this.#page.keyboard.press('F6')
    const deadline = Date.now() + patience
    while ((await this.#waiting(deadline - Date.now())) === 'pager') {
      await this.#page.keyboard.press('q')
      await this.#cursorAt(':', false)
    }
  }

  /** What the terminal waits for: the next command, or a key of the pager that `aws` shows long answers in. */
  async #waiting(patience: number): Promise<'prompt' | 'pager'> {
    const found = await this.#page
      .waitForFunction(
        () => {
          const row = document.querySelector('.terminal-view:not([hidden]) .xterm-cursor')?.parentElement
          const text = row?.textContent?.trimEnd() ?? ''
          if (text === ':' || text === '(END)') return 'pager'
          return /(^>|[$#])$/.test(text) && 'prompt'
        },
        undefined,
        { timeout: Math.max(patience, 1), polling: 50 },
      )
      .catch(async () => {
        throw new Error(`No prompt came back. The terminal shows:\n${await this.text()}`)
      })
    return (await found.jsonValue()) as 'prompt' | 'pager'
  }

  /** What the terminal shows now. */
  async text(): Promise<string> {
    const rows = this.#page.locator('.terminal-view:not([hidden]) .xterm-rows > div')
    return (await rows.allTextContents()).join('\n').trimEnd()
  }

  /** Waits for the echo before Enter and for the next line after it, so that no prompt is taken for another. */
  async #cursorAt(text: string, there: boolean): Promise<void> {
    await this.#page.waitForFunction(
      ({ text, there }) => {
        const row = document.querySelector('.terminal-view:not([hidden]) .xterm-cursor')?.parentElement
        // A long line goes on in the row below.
        const shown = `${row?.previousElementSibling?.textContent ?? ''}${row?.textContent ?? ''}`
        return there
          ? shown.trimEnd().endsWith(text.trimEnd())
          : !row?.textContent?.trimEnd().endsWith(text.trimEnd())
      },
      { text, there },
      { polling: 20 },
    )
  }
}
