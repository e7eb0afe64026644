import type { Pane } from '../../lab/layout/panes.ts'

export const tour = {
  region: 'Welcome',
  offer: 'New here? The parts of this page in one minute.',
  take: 'Show me',
  skip: 'No, thanks',
  at: (n: number, of: number) => `${n} of ${of}`,
  next: 'Next',
  back: 'Back',
  end: 'End the tour',
  done: 'Start working',
  missing: (names: string) => `Missing on this machine: ${names}. Some commands will not be found.`,
  doctor: 'The command “drydock doctor” shows the same, with all that is there.',
  stops: {
    steps: {
      title: 'Steps',
      text: 'What to do, one step after the other. Commands have a button that types them into the terminal; you press Enter. Each step is checked by itself, and says what is not as expected, and why.',
    },
    terminal: {
      title: 'Terminal',
      text: 'A real shell with the real aws, kubectl, helm and docker. It goes on when you close this page. F6 leads in and out by keyboard.',
    },
    files: {
      title: 'Files',
      text: 'Your home folder and an editor that knows the kinds of your cluster. It opens above the terminal.',
    },
    world: {
      title: 'World',
      text: 'Your cloud, live: as a map, a tree, a table, and every call that changed something. You can look at it as it was after any of them.',
    },
    preview: {
      title: 'Web preview',
      text: 'Pages that your containers and load balancers serve. The question mark key shows all keys.',
    },
  } satisfies Record<Pane, { title: string; text: string }>,
}
