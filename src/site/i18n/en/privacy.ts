const days = (count: number) => (count === 1 ? '1 day' : `${count} days`)
const account = (learnerDays: number | undefined) =>
  learnerDays === undefined
    ? 'until your account is deleted'
    : `until your account is deleted, at the latest ${days(learnerDays)} after your last course`

export const privacy = {
  title: 'Privacy',
  link: 'Privacy: what is kept of you, and for how long',
  local: 'This Drydock is its user’s own: what it keeps is on this machine, and nobody is told of it.',
  lead: 'What this server keeps of people who learn and teach here. It is written from the server’s present settings.',
  keptTitle: 'What is kept',
  columns: ['What', 'How long', 'Who sees it'],
  kept: {
    account: (learnerDays?: number) => ({
      what: 'Your account: the name that you gave, your e-mail address if you were invited by it or a sign-in service gave it, your role and courses. Of passwords and codes only hashes are kept.',
      howLong: account(learnerDays),
      who: 'instructors of your courses (the name, and in reports the address), administrators',
    }),
    progress: {
      what: 'What you have done: labs begun, what checks found, hints opened, answers in lessons, points.',
      howLong: 'as long as your account',
      who: 'you, instructors of your courses, administrators',
    },
    labs: {
      what: 'Your labs: the files in their home folders, their terminals and simulated clouds with the calls made there.',
      howLong: 'until you start the lab over, else as long as your account',
      who: 'you; instructors of your courses and administrators while they look at your work',
    },
    help: {
      what: 'Hands that you raised, with your words and the answers; dates and reminders of your courses.',
      howLong: 'as long as your account',
      who: 'you, instructors of your courses, administrators',
    },
    recording: (count: number) => ({
      what: 'How your labs went: what your terminals showed and when, what checks found, hints opened. Keys that are not shown, such as a password’s, are not in it.',
      howLong: `at most ${days(count)}`,
      who: 'instructors of your courses and administrators, who can replay it; your lab’s page says so while they do',
    }),
    session: (count: number) => ({
      what: 'That this browser is signed in.',
      howLong: `until you sign out, at most ${days(count)}`,
      who: 'nobody',
    }),
    audit: (count: number) => ({
      what: 'The audit log: sign-ins with the network address they came from, and what instructors and administrators did, such as looking at somebody’s work.',
      howLong: days(count),
      who: 'administrators',
    }),
  },
  notRecorded: 'It is not recorded what your terminals show.',
  never: 'Accounts are kept until they are deleted, by their people or by an administrator.',
  after: (count: number) =>
    `Learners are deleted by themselves with all that is theirs ${days(count)} after the end of their last course.`,
  operator:
    'Whoever runs this machine can read what is on it, and may keep backups, from which what was deleted goes when they are deleted.',
  looksTitle: 'Who looks at your work',
  looks:
    'An instructor of your course, or an administrator, can look at your terminals and your cloud while you work. Your lab’s page says who looks for as long as they do; they type only if you let them, and you can take that back. Each look is in the audit log.',
  toldTitle: 'Who else is told',
  told: {
    nobody: 'Nobody: what is kept here stays on this server.',
    provider: (name: string) => `Who signs in by ${name} is known there to have done so.`,
    platform:
      'The learning platform from which you come gets your results in labs: points, and when you got them.',
    recordStore: {
      id: 'A learning record store gets what you do in labs and lessons, with points and times, under the id of your account here, without your name.',
      name: 'A learning record store gets what you do in labs and lessons, with points and times, and your name.',
      mail: 'A learning record store gets what you do in labs and lessons, with points and times, your name and, if you have one here, your e-mail address.',
    },
    mail: 'A mail server sends you reminders of what is due, to your e-mail address if you have one here.',
    webhook:
      'A program of this server’s operator is told of reminders: your name, e-mail address if you have one here, course and how far you are.',
  },
  browser:
    'The only cookies are for signing in. Your browser also keeps your settings and a copy of your progress. Nothing here is loaded from elsewhere, and nothing follows you.',
  rightsTitle: 'Get it, have it deleted',
  getIt:
    'Who is signed in can download everything that is kept of them in the database, and what was recorded, as one JSON file. Files of labs are in the labs’ own file panel.',
  download: 'Download what is kept of me',
  deleteIt:
    'Who is signed in can delete their account with progress, labs, files and recordings, at once and for good. Certificates that you downloaded stay valid.',
  stays: {
    title: 'What stays then, and why:',
    audit: (count: number) =>
      `The audit log, for ${days(count)}: what was done on this server must stay clear. It has an id that then names nobody, and for sign-ins the network address.`,
    told: 'What others were told, see above: ask them.',
    backups: 'Backups, until whoever runs this machine deletes them.',
  },
  deleteMine: 'Delete my account…',
  dialog: {
    title: 'Delete your account?',
    text: 'Your progress, labs, files, terminals and recordings are deleted at once. Nobody can bring them back. If you want a copy, cancel and download it first.',
    name: (name: string) => `To go on, type the name of your account: ${name}`,
    confirm: 'Delete for good',
  },
  deleted: 'Your account is deleted, with all that was kept of it.',
  ask: 'To have something corrected, or deleted for you, ask:',
  anAdministrator: 'an administrator of this server, or your instructor.',
}
