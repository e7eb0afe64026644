import { createHmac } from 'node:crypto'
import { createTransport, type Transporter } from 'nodemailer'
import type { ReminderWay } from '#classroom/due-dates.ts'
import type { Person } from '#database/people.ts'
import type { Reminder } from './reminders.ts'
import type { Settings } from './settings.ts'

/** Until a webhook or a mail server is given up, ms. */
const TIMEOUT_MS = 10_000

/** Tells people and programs outside of this server something: by mail, and by a webhook. */
export class Messages {
  readonly #url: string
  readonly #mail: { transport: Transporter; from: string } | undefined
  readonly #webhook: Settings['webhook']

  constructor({ url, mail, webhook }: Pick<Settings, 'url' | 'mail' | 'webhook'>) {
    this.#url = url
    this.#webhook = webhook
    this.#mail = mail && {
      from: mail.from,
      transport: createTransport(mail.server, {
        connectionTimeout: TIMEOUT_MS,
        socketTimeout: TIMEOUT_MS,
      } as object),
    }
  }

  /** How somebody hears of what is said about a person. */
  waysTo({ email }: Pick<Person, 'email'>): ReminderWay[] {
    return [
      ...(this.#mail && email !== undefined ? ['mail' as const] : []),
      ...(this.#webhook ? ['webhook' as const] : []),
    ]
  }

  /** Reminds by one way; rejects when that fails. */
  async remind(reminder: Reminder, way: ReminderWay): Promise<void> {
    const { kind, cohort, person, dueAt, done, total } = reminder
    if (way === 'webhook')
      return this.#post({
        type: 'reminder',
        ...reminder,
        dueAt: new Date(dueAt).toISOString(),
        link: this.#url,
      })
    return this.#send(person.email, {
      subject:
        kind === 'soon'
          ? `${cohort.name}: to be done by ${day(dueAt)}`
          : `${cohort.name}: was to be done by ${day(dueAt)}`,
      text: [
        `Hello ${person.name},`,
        kind === 'soon'
          ? `“${cohort.name}” is to be done by ${day(dueAt)}.`
          : `“${cohort.name}” was to be done by ${day(dueAt)}.`,
        `You have done ${done} of ${total}. Go on here: ${this.#url}`,
        'You get this message because the course was assigned to you. Ask whoever leads it for more time if you need it.',
      ].join('\n\n'),
    })
  }

  close(): void {
    this.#mail?.transport.close()
  }

  async #send(to: string | undefined, { subject, text }: { subject: string; text: string }): Promise<void> {
    if (!this.#mail || to === undefined) return
    const { transport, from } = this.#mail
    // An object: an address is never read as a list of several.
    await transport.sendMail({ from, to: { name: '', address: to }, subject, text })
  }

  async #post(message: object): Promise<void> {
    if (!this.#webhook) return
    const { url, secret } = this.#webhook
    const body = JSON.stringify(message)
    const signature =
      secret === undefined ? undefined : createHmac('sha256', secret).update(body).digest('hex')
    const { ok, status } = await fetch(url, {
      method: 'POST',
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        'content-type': 'application/json',
        ...(signature !== undefined && { 'x-drydock-signature': `sha256=${signature}` }),
      },
    })
    if (!ok) throw new Error(`the webhook answered ${status}`)
  }
}

const day = (time: number) => new Date(time).toISOString().slice(0, 10)
