import type { StepStatus } from '#server/api.ts'

export const lab = {
  steps: 'Steps',
  objectives: 'What you will be able to do',
  readBefore: 'Worth reading before:',
  hint: 'Stuck? Show a hint',
  nextHint: 'Show the next hint',
  stepLabel: (n: number) => `Step ${n}`,
  status: { todo: 'To do', failed: 'Not yet', passed: 'Done' } satisfies Record<StepStatus, string>,
  checking: 'Checking…',
  progress: (passed: number, total: number) => `${passed} of ${total} done`,
  allDone: 'All steps are done. Well built.',
  nextLab: 'Next lab:',
  allLabs: 'All labs',
  points: (points: number) => (points === 1 ? '1 point.' : `${points} points.`),
  took: (minutes: number, lost: number) =>
    `It took ${minutes === 1 ? 'a minute' : `${minutes} minutes`}${lost > 0 ? ` (−${lost})` : ''}.`,
  hintsOpened: (hints: number, lost: number) => `${hints === 1 ? '1 hint' : `${hints} hints`} (−${lost}).`,
  solutionShown: 'Its solution was shown.',
  collateral: (lost: number) => `Besides the task you changed, deleted or broke (−${lost}):`,
  result: (points: number, of: number) => `${points} of ${of} points`,
  inMinutes: (minutes: number) => (minutes === 1 ? 'in a minute.' : `in ${minutes} minutes.`),
  resultPassed: 'You have passed.',
  resultNeeded: (needed: number) => `${needed} pass.`,
  resultMissed: (needed: number) => `${needed} would have passed. Start over for another attempt.`,
  start: 'Start the lab',
  starting: 'Starting…',
  startLead: 'Starting makes an AWS account of your own on this machine, and a terminal in it.',
  startDoing: 'Making your account, the lab network and a terminal.',
  startSlow: 'This takes longer than usual. The first start unpacks the command-line tools.',
  place: (n: number) => (n === 1 ? 'You are next.' : `All seats are taken. You are number ${n} in line.`),
  placeText:
    'The lab starts by itself when it is your turn. Keep this page open; meanwhile you can read the steps.',
  retry: 'Try again',
  reset: 'Start over',
  resetTitle: 'Start this lab over?',
  resetText:
    'Everything in this lab goes: the simulated account with all in it, the files in your home folder, open terminals, and the progress. It cannot be undone.',
  resetConfirm: 'Delete all and start over',
  cancel: 'Cancel',
  account: 'AWS account',
  region: 'Region',
  provisioning: (aws: string, here: string) => `New clusters: AWS needs ${aws}, here ${here}`,
  speed: 'Speed',
  seconds: (n: number) => `${n} s`,
  minutes: (n: number) => `${n} min`,
  about: (amount: string) => `about ${amount}`,
  noWait: 'no wait',
  stepPassed: (title: string) => `Done: ${title}`,
  stepNotYet: (title: string, finding: string) => `Not yet: ${title}. ${finding}`.trim(),
  stepError: (title: string) => `The check of “${title}” could not run to its end.`,
  nextStep: (title: string) => `Next: ${title}`,
}

export const check = {
  button: 'Check my work',
  again: 'Check again',
  auto: 'Checked by itself whenever your cloud changes.',
  autoLater: (step: string) => `Checked by itself once “${step}” is done; by this button at any time.`,
  needStart: 'Start the lab first; then this step can be checked.',
  failed: 'Not yet',
  error: 'The check could not finish',
  passed: 'Done, checked',
  at: (time: string) => `Checked at ${time}`,
  expected: 'Expected',
  observed: 'Observed',
  evidence: 'See for yourself',
  cause: 'Likely cause',
  hint: 'Show a hint',
  lesson: 'Read the lesson on this',
  inOrder: (n: number) => (n === 1 ? '1 thing is in order' : `${n} things are in order`),
  notInOrder: 'Show what is not in order yet (counts as a hint)',
}

export const layout = {
  panes: 'Parts of the page',
  pane: {
    steps: 'Steps',
    files: 'Files and editor',
    world: 'World: your cloud, live',
    preview: 'Web preview',
    terminal: 'Terminal',
  },
  stepsSize: 'Size of the steps',
  aboveSize: 'Size of what is above the terminal',
  splitSize: 'Size of the left terminal',
  dividerHelp: 'Drag, or click to go through three sizes',
}

export const keys = {
  title: 'Keyboard',
  close: 'Close',
  letters: 'Single letters do something outside of fields and the terminal',
  groups: [
    {
      title: 'Anywhere on the page',
      keys: [
        [['?'], 'Show this map'],
        [['S'], 'Go to the steps'],
        [['F'], 'Go to the files'],
        [['W'], 'Go to the world'],
        [['P'], 'Go to the web preview'],
        [['T'], 'Go to the terminal'],
        [['C'], 'Check the open step'],
        [['F6'], 'Into the terminal, and out of it'],
      ],
    },
    {
      title: 'In the terminal',
      keys: [
        [['Ctrl', 'Shift', 'C'], 'Copy what is selected'],
        [['Ctrl', 'Shift', 'V'], 'Paste'],
        [['Ctrl', 'Shift', 'F'], 'Find'],
        [['Ctrl', 'C'], 'End the running program'],
      ],
    },
    {
      title: 'In the editor',
      keys: [
        [['Ctrl', 'S'], 'Save now; it also saves by itself'],
        [['Ctrl', 'Space'], 'What can stand here'],
        [['Ctrl', 'F'], 'Find and replace'],
        [['Ctrl', 'Z'], 'Undo'],
        [['F6'], 'Out of the editor'],
      ],
    },
    {
      title: 'On the map of the world',
      keys: [
        [['←', '→', '↑', '↓'], 'Move the map; in the tree, go through it'],
        [['+', '-'], 'Larger, smaller'],
        [['0'], 'See all of it'],
        [['Enter'], 'Details of what is chosen in the tree'],
      ],
    },
    {
      title: 'On a divider or a tab',
      keys: [
        [['←', '→'], 'Move; with Shift further'],
        [['Home', 'End'], 'As far as it goes'],
        [['Enter'], 'The next of three sizes'],
      ],
    },
  ] as { title: string; keys: [string[], string][] }[],
}

export const step = {
  changes: 'What changed in this step',
  solution: 'Show the solution',
  solutionTitle: 'One way to do it',
  solutionAsk: 'Show the solution?',
  solutionText:
    'The hints lead there step by step, and what you find out yourself stays. The solution is shown, not run.',
  skip: 'Do this step for me',
  skipTitle: 'Go on without doing this step?',
  skipText:
    'Its solution runs in your cloud and with your files, in your place. It counts like a look at the solution.',
  skipConfirm: 'Do it for me',
  reset: 'Back to where it began',
  resetTitle: 'Go back to where this step began?',
  resetText:
    'Cloud, files and progress become what they were at the beginning of this step. What you did since, in this and later steps, goes; open terminals end.',
  resetConfirm: 'Go back',
  objects: 'What is different in your cloud',
  noObjects: 'Nothing that the world view shows is different.',
  made: 'is new',
  gone: 'is gone',
  calls: 'Calls since then',
}

export const calls = {
  none: 'No call has changed anything.',
  done: 'done',
  principal: 'Called by',
  via: (service: string) => `through ${service}`,
  error: 'Error',
  cluster: 'Cluster',
  look: 'Look at the world just after it',
}

export const clock = {
  label: 'Time',
  note: 'How fast the clock of your cloud goes. The commands in your terminal run at their own pace.',
  speed: (speed: number) => (speed === 0 ? 'paused' : speed === 1 ? 'true speed' : `${speed} times as fast`),
  untilReady: 'Until ready',
  untilReadyNote:
    'Moves the clock of your cloud forward until nothing is on its way any more, at most an hour',
}

export const costs = {
  meter: (perHour: string, soFar: string) => `AWS: ${perHour}/h, ${soFar} so far`,
  title: 'What this would cost on AWS',
  none: 'Nothing that is here costs by the hour.',
  resource: 'Resource',
  perHour: 'USD an hour',
  soFar: 'so far',
  note: (region: string, date: string) =>
    `On demand prices of ${region}, ${date}, without free tiers and taxes. Here nothing costs anything.`,
}

export const connection = {
  connecting: 'Connecting…',
  connected: 'Connected',
  reconnecting: 'Reconnecting…',
  cloudRestarting: 'The cloud is restarting…',
  offline: 'The server does not answer. Is “npm start” still running? Trying again…',
  noNetwork:
    'This computer has no network. What you see is from before; the page goes on by itself when the network is back. Nothing is lost.',
  closing: 'The server is being restarted. Your work is kept, and this page goes on by itself.',
  cloudNote: 'The simulated cloud is starting again. Nothing is lost; commands work again in a moment.',
}

export const learner = {
  looking: (name: string) => `${name} looks at your terminals and your cloud.`,
  asks: (name: string) => `${name} looks at your terminals and your cloud, and asks to type.`,
  types: (name: string) => `${name} may type in your terminals.`,
  replays: 'They look at how your work went, too.',
  share: 'Let them type',
  unshare: 'Take the keyboard back',
  refuse: 'No',
  skipped: (name: string) => `${name} did a step for you. Go on with the next.`,
  due: (course: string, day: string, past: boolean) =>
    past ? `“${course}” was to be done by ${day}.` : `“${course}” is to be done by ${day}.`,
  raise: 'Raise hand',
  raised: 'Hand is up',
  taken: 'Somebody comes',
  lower: 'Take hand down',
  note: 'What is the matter? (optional)',
  raiseText: 'Your instructor sees your name, the lab, the step and what its check found.',
  from: 'Your instructor',
  look: 'Look',
  dismiss: 'Close the message',
  notOpen:
    'This lab is not open yet: your instructor opens the labs one after another. This page tells you when.',
  opened: 'The lab is open now.',
}

/** Of a lab that does the same task on two sides. */
export const comparison = {
  title: (left: string, right: string) => `Side by side: ${left} and ${right}`,
  before: 'When the lab is started, this compares what you do on both sides.',
  idle: (side: string) => `Nothing yet on the side of ${side}.`,
  differs: 'What differs',
  aspects: {
    commands: 'Commands that changed something',
    yours: 'What exists because you made it',
    theirs: 'What was made for you',
    managed: 'Who did the rest, in calls',
    permissions: 'Permissions it took',
  },
  time: 'Time from the first call to the last',
  duration: (seconds: number) =>
    seconds < 90 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`,
  cost: 'What it started costs on AWS',
  perHour: (usd: number) => `${usd.toFixed(3)} USD an hour`,
  note: 'From what your own cloud has recorded. What is equal on both sides, and what was there before you began, is left out.',
}
