/** Linux signal numbers on x86-64 and arm64. */
export const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
  // What systemd takes to halt.
  'SIGRTMIN+3': 37,
}

/** What the kernel does nothing about when a process has no handler. Job control stops are not modelled. */
export const IGNORED_BY_DEFAULT = new Set([
  'SIGCHLD',
  'SIGCONT',
  'SIGWINCH',
  'SIGURG',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGSTOP',
])

/** `15`, `TERM`, `sigterm` → `SIGTERM`; undefined for what is no signal. */
export function signalName(text: string): string | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text)
    return Object.keys(SIGNALS).find((name) => SIGNALS[name] === number)
  }
  const upper = text.toUpperCase()
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`
  return name in SIGNALS ? name : undefined
}

/** 128 + n */
export const signalExitCode = (signal: string): number => 128 + (SIGNALS[signal] ?? 15)
