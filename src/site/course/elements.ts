import { CommandElement } from './command.ts'
import { GuideElement } from './guide.ts'
import { PictureElement } from './picture.ts'
import { PredictElement } from './predict.ts'
import { QuizElement } from './quiz.ts'
import { TabsElement } from './tabs.ts'
import { dismissCards } from './term-cards.ts'

customElements.define('drydock-tabs', TabsElement)
customElements.define('drydock-predict', PredictElement)
customElements.define('drydock-picture', PictureElement)
customElements.define('drydock-guide', GuideElement)
customElements.define('drydock-command', CommandElement)
customElements.define('drydock-quiz', QuizElement)

dismissCards()
