import { renderSVG } from 'uqr'
import { ProblemError } from '../api.ts'
import { href } from '../href.ts'
import { t } from '../i18n/index.ts'
import { verifyCode } from './verify-code.ts'

const find = <Found extends HTMLElement>(selector: string) => document.querySelector<Found>(selector)!
const day = new Intl.DateTimeFormat(t.locale.id, { dateStyle: 'long' })

/** Shows the certificate of the code in the address, if this server issued it. */
async function show(): Promise<void> {
  const code = location.hash.slice(1)
  const problem = find('[data-problem]')
  problem.textContent = ''
  const certificate = code
    ? await verifyCode(code).catch((error) => {
        problem.textContent = error instanceof ProblemError ? error.message : String(error)
        return undefined
      })
    : undefined
  problem.hidden = problem.textContent === ''
  find('[data-missing]').hidden = certificate !== undefined || !problem.hidden
  find('[data-certificate]').hidden = find('[data-print]').hidden = certificate === undefined
  if (!certificate) return
  const { name, title, lessons, labs, steps, results, unproven, finishedAt, issuedAt, issuer } = certificate
  const texts = {
    name,
    title,
    contents: t.certificate.contents(lessons, labs, steps),
    unproven: t.certificate.unproven(unproven),
    finished: day.format(finishedAt),
    issued: day.format(issuedAt),
    issuer,
  }
  for (const [place, text] of Object.entries(texts)) find(`[data-${place}]`).textContent = text
  find('[data-unproven]').hidden = unproven === 0
  find('[data-results]').replaceChildren(
    ...results.map(({ title, points, of, passed }) => {
      const line = document.createElement('li')
      line.textContent = t.certificate.result(title, points, of, passed)
      return line
    }),
  )
  const address = `${issuer}${href('/verify/')}#${code}`
  const link = find<HTMLAnchorElement>('[data-verify]')
  link.href = address
  link.textContent = `${issuer}${href('/verify/')}`
  find('[data-code]').innerHTML = renderSVG(address, { ecc: 'L', border: 1 })
}

find('[data-print]').addEventListener('click', () => print())
addEventListener('hashchange', () => void show())
void show()
