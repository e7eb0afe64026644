import { courseState } from './client.ts'

/** Shows the questions that the learner has answered, with that answer, and with the right one if it was another. */
async function show(): Promise<void> {
  const course = await courseState()
  let shown = 0
  for (const section of document.querySelectorAll<HTMLElement>('[data-lesson]')) {
    const answers = course?.lessons[section.dataset.lesson!]?.answers ?? {}
    for (const question of section.querySelectorAll<HTMLElement>('[data-question]')) {
      const choice = answers[question.dataset.question!]?.choice
      if (!choice) continue
      shown++
      question.hidden = section.hidden = false
      for (const answer of question.querySelectorAll<HTMLElement>('[data-answer]')) {
        const mine = answer.dataset.answer === choice
        answer.hidden = !mine && answer.dataset.right !== 'yes'
        answer.querySelector<HTMLElement>('.note-mine')!.hidden = !mine
      }
    }
  }
  document.querySelector<HTMLElement>('[data-none]')!.hidden = shown > 0
  printing.hidden = shown === 0
}

const printing = document.querySelector<HTMLElement>('[data-print]')!
printing.addEventListener('click', () => print())
void show()
