/** The language's tag, as `lang` has it, and what its addresses begin with. */
export const locale = { id: 'en', prefix: '' }

export const site = {
  name: 'Drydock',
  tagline: 'Learn Kubernetes and AWS containers with the real tools, and no cloud bill.',
  skip: 'Skip to the content',
  mainMenu: 'Main',
  language: 'Language',
  paths: 'Paths',
  glossary: 'Glossary',
  footer: 'Apache-2.0. The cloud is simulated: no AWS account, no cloud bill, no telemetry.',
  trademark: 'AWS, Kubernetes and Docker are names of their owners. Drydock is not affiliated with them.',
  table: 'Table',
  notFoundTitle: 'No page here',
  notFound: 'There is no page at this address. It may have moved, or the link has a slip in it.',
  goHome: 'Go to the start page',
}

export const menu = {
  classroom: 'Classroom',
  people: 'People',
  privacy: 'Privacy',
  signOut: 'Sign out',
  signedInAs: (name: string) => `Signed in as ${name}`,
}

export const theme = {
  label: 'Colours',
  system: 'System colours',
  light: 'Light',
  dark: 'Dark',
  switchTo: (name: string) => `Colours: ${name}. Change`,
}

export const problem = {
  unreachable: {
    code: 'unreachable',
    what: 'The Drydock server does not answer.',
    why: 'It may have been stopped, or it is starting again.',
    next: 'Look at the window where “npm start” runs. This page tries again by itself.',
  },
  unexpected: (status: number) => ({
    code: 'unexpected',
    what: `The server answered with status ${status} and no explanation.`,
    why: 'This is a fault in Drydock.',
    next: 'Try again; if it stays, look at the server’s output.',
  }),
}
