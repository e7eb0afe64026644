import { signal } from '@preact/signals'

/** Something the reader decides before it happens. */
export type Question =
  | { kind: 'paste'; text: string; answer(yes: boolean): void }
  | { kind: 'link'; address: string; answer(yes: boolean): void }
  | { kind: 'close'; name: string; answer(yes: boolean): void }

export const question = signal<Question | undefined>()

/** Asks, one question at a time: an unanswered one before it is taken as no. */
export function ask(
  what: { kind: 'paste'; text: string } | { kind: 'link'; address: string } | { kind: 'close'; name: string },
): Promise<boolean> {
  question.peek()?.answer(false)
  return new Promise((resolve) => {
    question.value = {
      ...what,
      answer(yes) {
        question.value = undefined
        resolve(yes)
      },
    }
  })
}

/** Opens an address that a program printed, if it is http(s) and the reader agrees. */
export async function openLink(address: string): Promise<void> {
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return
  if (await ask({ kind: 'link', address })) open(address, '_blank', 'noopener,noreferrer')
}
