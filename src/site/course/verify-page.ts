import { ProblemError } from '../api.ts'
import { href } from '../href.ts'
import { codeIn, verifyCode } from './verify-code.ts'

const find = <Found extends HTMLElement>(selector: string) => document.querySelector<Found>(selector)!
const form = find<HTMLFormElement>('[data-verify]')
const field = form.querySelector('textarea')!

async function verify(): Promise<void> {
  const [good, bad, problem] = [find('[data-good]'), find('[data-bad]'), find('[data-problem]')]
  good.hidden = bad.hidden = problem.hidden = true
  try {
    const code = codeIn(field.value)
    const certificate = await verifyCode(code)
    good.hidden = certificate === undefined
    bad.hidden = certificate !== undefined
    if (!certificate) return
    find('[data-says]').textContent = `${certificate.name}: ${certificate.title}.`
    find<HTMLAnchorElement>('[data-show]').href = `${href('/certificate/')}#${code}`
  } catch (error) {
    problem.hidden = false
    problem.textContent = error instanceof ProblemError ? error.message : String(error)
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void verify()
})
/** Verifies the code of the address. */
function follow(): void {
  const code = location.hash.slice(1)
  if (!code) return
  field.value = code
  void verify()
}

addEventListener('hashchange', follow)
follow()
