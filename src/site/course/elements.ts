import { CommandElement } from './command.ts'
import { GuideElement } from './guide.ts'
import { PictureElement } from './picture.ts'
import { PredictElement } from './predict.ts'
import { QuizElement } from './quiz.ts'
import { TabsElement } from './tabs.ts'

customElements.define('drydock-tabs', TabsElement)
customElements.define('drydock-predict', PredictElement)
customElements.define('drydock-picture', PictureElement)
customElements.define('drydock-guide', GuideElement)
customElements.define('drydock-command', CommandElement)
customElements.define('drydock-quiz', QuizElement)

// A card of the glossary goes away on Escape, although pointer or focus are still there.
document.addEventListener('keydown', ({ key }) => {
  if (key !== 'Escape') return
  for (const term of document.querySelectorAll('.term:hover, .term:focus-within')) {
    term.classList.add('dismissed')
    const back = () => term.classList.remove('dismissed')
    term.addEventListener('pointerleave', back, { once: true })
    term.addEventListener('focusout', back, { once: true })
  }
})
