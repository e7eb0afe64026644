export const labs = {
  title: 'Labs',
  lead: 'Each lab is a set of steps in your own simulated account. Leave whenever you like; it will be as you left it.',
  minutes: (n: number) => `about ${n} min`,
  steps: (n: number) => (n === 1 ? '1 step' : `${n} steps`),
  progress: (passed: number, total: number) => `${passed} of ${total} steps done`,
}

export const trainer = {
  title: 'For the trainer',
  none: 'No learning path has notes for this lesson.',
  present: 'Show on the projector',
  back: 'Section back',
  on: 'Next section',
  at: (n: number, of: number, title: string) => `${n} of ${of}: ${title}`,
  help: 'The projector’s window has the text alone, large. It goes along with this one; there, the arrow keys go from section to section and Escape closes it.',
}

export const lessons = {
  title: 'Lessons',
  lead: 'Short readings beside the labs: what a thing is, why it is so, and what people often get wrong.',
  contents: 'On this page',
  sources: 'Sources',
  read: (date: string) => `read ${date}`,
  minutes: (n: number) => `${n} min read`,
  objectives: 'After this lesson you can',
  practise: 'Practise',
  previous: 'Previous',
  next: 'Next',
  untranslated: 'This lesson is in English only so far.',
}

export const paths = {
  title: 'Learning paths',
  lead: 'The same lessons and labs in an order for your purpose.',
  hours: (minutes: number) => `about ${Math.round(minutes / 30) / 2} h`,
  lesson: 'Lesson',
  lab: 'Lab',
  task: 'Task',
  notes: 'Notes for the trainer',
}

export const course = {
  showAll: 'Show all sides',
  showOne: 'Show one side',
  predict: 'Predict.',
  showResult: 'Go on without a guess',
  guessedRight: 'As you said. Now see why.',
  guessedWrong: 'It comes out differently. See why.',
  explain: 'Why',
  part: 'Part',
  who: { aws: 'AWS', you: 'You', shared: 'Both', docker: 'Docker', nobody: 'Nobody' },
  differs: 'What differs',
  aspects: {
    commands: 'Commands',
    objects: 'What exists afterwards',
    manages: 'Who manages it',
    permissions: 'Permissions it took',
    time: 'Time',
    cost: 'Cost',
  },
  costColumns: ['What', 'Price', 'A month (730 h)'],
  sum: 'Together',
  prices: 'Prices of us-east-1; data transfer and taxes come on top.',
  pricesRead: (date: string) => `Read ${date} or later.`,
  pricesKnown: 'Some are from knowledge (November 2026): follow the link before you rely on one.',
  runByAws: 'run by AWS',
  runByYou: 'run by you',
  back: 'Back',
  forward: 'Next',
  stepOf: 'of',
  pickPart: 'Choose a part of the picture to read what it does.',
  inWords: 'The picture in words',
  startAgain: 'Start again',
  quiz: 'Check yourself',
  why: 'Why?',
  right: 'Right.',
  wrong: 'No.',
  score: 'Right answers:',
}

export const glossary = {
  title: 'Glossary',
  lead: 'The words of the lessons, each in one sentence.',
  more: (lesson: string) => `See “${lesson}”`,
}

export const code = {
  copy: 'Copy',
  copied: 'Copied',
  type: 'Type into the terminal',
  needStart: 'Start the lab first; then commands can be typed into its terminal.',
  copyFailed: 'The browser did not allow copying. Select the text and copy it by keyboard.',
  block: 'Code',
  output: 'Prints',
}

export const command = {
  title: 'Answer with a command',
  about:
    'Your command runs in a fresh copy of the world that this lesson begins in, and nowhere else. It may take some seconds.',
  label: 'Your command',
  run: 'Run it',
  running: 'It runs in a copy of the world…',
  right: 'Right.',
  wrong: {
    failed: 'Not yet: the command failed.',
    timeout: 'Not yet: it did not end within 30 seconds.',
    output: 'Not yet: it works, and prints something else than was asked for.',
    effect: 'Not yet: it works, and does something else than was asked for.',
  },
  prints: 'It printed',
}
