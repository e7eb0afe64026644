import { followLearner, LearnerBar } from '../classroom/LearnerBar.tsx'
import { addCodeActions } from '../code-actions.ts'
import { PredictElement } from '../course/predict.ts'
import { dismissCards } from '../course/term-cards.ts'
import { t } from '../i18n/index.ts'
import { Announcer } from './Announcer.tsx'
import { ComparisonPanel } from './comparison/ComparisonPanel.tsx'
import { Finish } from './Finish.tsx'
import { tellHints } from './hints.ts'
import { Connection, Notice, Progress, Reset } from './LabBar.tsx'
import { KeyMap } from './layout/KeyMap.tsx'
import { FilesPane, PreviewPane, WorldPane } from './layout/lazy-panes.tsx'
import { AboveDivider, PaneSwitch, StepsDivider } from './layout/PaneSwitch.tsx'
import { connectShortcuts } from './layout/shortcuts.ts'
import { mount } from './mount.ts'
import { connectNames } from './names.ts'
import { StepCheck } from './StepCheck.tsx'
import { StepStatus } from './StepStatus.tsx'
import { followLab } from './session.ts'
import { connectSteps } from './steps.ts'
import { Toast } from './Toast.tsx'
import { TerminalPane } from './terminal/TerminalPane.tsx'
import { typeCommand } from './type-command.ts'
import { Welcome } from './Welcome.tsx'

customElements.define('drydock-predict', PredictElement)
dismissCards()
connectSteps()
connectNames()
connectShortcuts()
addCodeActions(document.querySelector('.steps') ?? document, { label: t.code.type, run: typeCommand })
mount('progress', Progress)
mount('connection', Connection)
mount('notice', Notice)
mount('welcome', Welcome)
mount('learner', LearnerBar)
mount('reset', Reset)
mount('views', PaneSwitch)
mount('keys', KeyMap)
mount('steps-divider', StepsDivider)
mount('above-divider', AboveDivider)
mount('files', FilesPane)
mount('world', WorldPane)
mount('preview', PreviewPane)
mount('step-status', StepStatus)
mount('step-check', StepCheck)
mount('comparison', ComparisonPanel)
mount('finish', Finish)
mount('toast', Toast)
mount('announcer', Announcer)
mount('terminal', TerminalPane)
followLab()
followLearner()
tellHints()
