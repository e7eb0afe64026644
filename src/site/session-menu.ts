import type { SessionState } from '#server/api.ts'
import { href } from './href.ts'
import { t } from './i18n/index.ts'
import { SIGNED_OUT, signedIn } from './sign-in.ts'

/** Adds to the site's menu what the role of whoever is signed in opens, and shows what only a server of many people has. */
async function showMenu(): Promise<void> {
  const menu = document.querySelector('.site-bar nav')
  if (!menu) return
  await signedIn
  const answer = await fetch('/api/session').catch(() => undefined)
  if (!answer?.ok) return
  const { person, ways } = (await answer.json()) as SessionState
  if (ways.includes('link')) return
  for (const link of document.querySelectorAll<HTMLElement>('[data-hosted]')) link.hidden = false
  if (!person) return
  const added: HTMLElement[] = []
  const put = (element: HTMLElement) => {
    added.push(element)
    menu.append(element)
  }
  const add = (path: string, text: string) => {
    const link = document.createElement('a')
    link.href = href(path)
    link.textContent = text
    if (location.pathname === href(path)) link.setAttribute('aria-current', 'page')
    put(link)
  }
  const leads = person.role === 'instructor' || person.role === 'admin'
  // What pages have for those who lead courses shows itself by this.
  if (leads) document.documentElement.dataset.leads = ''
  if (leads) add('/classroom/', t.menu.classroom)
  if (person.role === 'admin') add('/people/', t.menu.people)
  const out = document.createElement('button')
  out.type = 'button'
  out.textContent = t.menu.signOut
  out.title = t.menu.signedInAs(person.name)
  out.addEventListener('click', async () => {
    await fetch('/api/session', { method: 'DELETE' })
    location.assign(href('/sign-in/'))
  })
  put(out)
  document.addEventListener(SIGNED_OUT, () => {
    for (const element of added) element.remove()
  })
  // On a phone the menu goes sideways: where one is stays in sight.
  const current = menu.querySelector('[aria-current]')
  if (current) menu.scrollLeft += current.getBoundingClientRect().right - menu.getBoundingClientRect().right
}

void showMenu()
