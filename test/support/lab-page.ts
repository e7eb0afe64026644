import type { Browser, Locator, Page } from 'playwright-core'

const PATH = '/labs/first-eks-cluster/'

/** A lab's page in the browser, and what a person does on it. */
export class LabPage {
  readonly page: Page
  /** Errors of the page and what its content policy refused. */
  readonly faults: string[] = []

  private constructor(page: Page) {
    this.page = page
    page.on('pageerror', (error) => this.faults.push(error.message))
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) this.faults.push(message.text())
    })
  }

  static async open(
    browser: Browser,
    { url, server }: { url: string; server: { link: string } },
    options: { dark?: boolean; width?: number; height?: number; scale?: number } = {},
  ): Promise<LabPage> {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1280, height: options.height ?? 900 },
      deviceScaleFactor: options.scale ?? 1,
      colorScheme: options.dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    context.setDefaultTimeout(15_000)
    const opened = new LabPage(await context.newPage())
    await opened.page.goto(server.link)
    await opened.page.waitForURL(`${url}/`)
    await opened.page.goto(url + PATH)
    return opened
  }

  /** Another tab of the same browser on the same lab. */
  async again(): Promise<LabPage> {
    const opened = new LabPage(await this.page.context().newPage())
    await opened.page.goto(this.page.url())
    return opened
  }

  close(): Promise<void> {
    return this.page.context().close()
  }

  get startButton(): Locator {
    return this.page.getByRole('button', { name: 'Start the lab' })
  }

  /** The rows of the terminal that is worked in. */
  get screen(): Locator {
    return this.page.locator('.terminal-view.active .xterm-rows')
  }

  step(id: string): Locator {
    return this.page.locator(`details[data-step="${id}"]`)
  }

  /** Starts the lab, if it is not. */
  async start(): Promise<void> {
    await this.startButton.or(this.screen).first().waitFor()
    if (await this.startButton.isVisible()) await this.startButton.click()
    await this.prompt()
  }

  /** Waits until the terminal takes input. */
  async prompt(): Promise<void> {
    await this.page.locator('.terminal-view.active .terminal-notice').waitFor({ state: 'hidden' })
    await this.screen.getByText('$').first().waitFor()
  }

  async type(text: string): Promise<void> {
    await this.page.locator('.terminal-view.active .xterm-helper-textarea').focus()
    await this.page.keyboard.type(text)
  }

  /** Waits for text in the terminal. */
  async seen(text: string): Promise<void> {
    await this.page.waitForFunction(
      (wanted) =>
        [...document.querySelectorAll('.terminal-view.active .xterm-rows')].some((rows) =>
          rows.textContent?.includes(wanted),
        ),
      text,
    )
  }

  /** Where the focus is: role or class of the element. */
  focused(): Promise<string> {
    return this.page.evaluate(() => {
      const element = document.activeElement
      return `${element?.getAttribute('role') ?? ''} ${element?.className ?? ''}`.trim()
    })
  }
}
