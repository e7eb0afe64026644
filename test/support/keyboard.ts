import type { Locator, Page } from 'playwright-core'

/** More stops than any page has. */
const STOPS = 150

/** Goes on by Tab until something has the focus, as a person without a mouse does. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let stop = 0; stop < STOPS; stop++) {
    await page.keyboard.press('Tab')
    if (await target.evaluate((element) => element === document.activeElement)) return
  }
  throw new Error(`Tab does not lead to ${target}`)
}

/** Counts what a pointing device does on a page, and on the pages after it. */
export async function countPointing(page: Page): Promise<() => Promise<number>> {
  let count = 0
  await page.exposeFunction('pointed', () => {
    count++
  })
  await page.addInitScript(() => {
    for (const type of ['pointerdown', 'wheel', 'touchstart'])
      addEventListener(type, () => (globalThis as unknown as { pointed(): void }).pointed(), true)
  })
  return async () => count
}
