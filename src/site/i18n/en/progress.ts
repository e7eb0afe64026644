const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`

/** What the catalogue and the pages of progress show. */
export const catalogue = {
  title: 'Course',
  lead: 'All lessons and labs. Choose by what you have time for, and go on where you stopped.',
  filters: 'Show',
  all: 'all',
  track: 'Track',
  kind: 'Kind',
  kinds: { lesson: 'Lesson', lab: 'Lab' },
  level: 'Level',
  levels: { beginner: 'Beginner', intermediate: 'Intermediate', advanced: 'Advanced' },
  time: 'Time',
  upTo: (minutes: number) => `up to ${minutes} min`,
  state: 'State',
  states: { new: 'not begun', begun: 'begun', done: 'done' },
  shown: (n: number, all: number) => `${n} of ${all} shown`,
  clear: 'Show all',
  nothing: 'Nothing fits all of this.',
}

export const goOn = {
  begin: 'Begin here',
  title: 'Go on where you stopped',
  next: 'Next',
}

export const progress = {
  title: 'My progress',
  lead: 'What you have read, answered and built. It is kept on this server, not in the browser.',
  unreachable: 'Your progress cannot be shown: the server does not answer, or this browser is not signed in.',
  lessonsDone: (n: number, all: number) => `${n} of ${all} lessons done`,
  labsDone: (n: number, all: number) => `${n} of ${all} labs done`,
  stepsDone: (n: number) => (n === 1 ? '1 step checked' : `${n} steps checked`),
  pathDone: (n: number, all: number) => `${n} of ${all} done`,
  paths: 'Learning paths',
  pathsText: 'Whoever has done all of a path gets a certificate of it here.',
  certificate: 'Make the certificate',
  certificateFor: (path: string) => `Certificate: ${path}`,
  name: 'Your name, as the certificate shall have it',
  nameHosted: 'The certificate has the name that this course knows you by.',
  make: 'Make it',
  cancel: 'Cancel',
  notes: 'Notes to print',
  notesText: 'Your answers to the questions of each lesson, with the explanations.',
  openNotes: 'Open my notes',
  file: 'Take it along',
  fileText:
    'A file with all of your progress: a backup, or the way to another computer. Reading a file adds what is missing and takes nothing away.',
  export: 'Save the progress file',
  import: 'Read a progress file',
  notAFile: 'This is no progress file of Drydock.',
  imported: (lessons: number, steps: number) =>
    `Added: ${count(lessons, 'lesson')}, ${count(steps, 'step')}.`,
  unproven: 'Another server wrote it: its steps count, and certificates say how many there are.',
  unknown: (names: string) => `Not in this course, and kept: ${names}.`,
}

export const notes = {
  title: 'My notes',
  lead: 'Your answers, lesson by lesson. Print the page or save it as PDF.',
  none: 'You have answered no question yet.',
  print: 'Print',
  yours: 'Your answer',
}

export const certificate = {
  title: 'Certificate',
  of: 'This is to certify that',
  has: 'has completed',
  contents: (lessons: number, labs: number, steps: number) =>
    `${count(lessons, 'lesson')} with all questions answered, ${count(labs, 'lab')} with ${count(steps, 'step')}, each checked in a cloud of the learner’s own.`,
  result: (lab: string, points: number, of: number, passed: boolean) =>
    `${lab}: ${points} of ${of} points, ${passed ? 'passed' : 'not enough to pass'}.`,
  unproven: (n: number) => `${n} of the steps were taken over from a progress file of another server.`,
  finished: 'Finished',
  issued: 'Issued',
  by: 'By',
  verifyAt: 'Verify',
  scan: 'Leads to the page that verifies this certificate',
  print: 'Print',
  missing: 'There is no certificate in this address. Certificates are made on the page of your progress.',
}

export const verify = {
  title: 'Verify a certificate',
  lead: 'Paste the code or the link of a certificate. This server says whether it issued it, exactly as it stands there.',
  code: 'Code or link',
  button: 'Verify',
  good: 'Genuine: this server issued it.',
  bad: 'Not genuine: this server has not issued it, or it was changed.',
  show: 'Show the certificate',
}
