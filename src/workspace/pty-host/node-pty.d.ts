// The package is installed under node-pty's name, but its types declare only its own; and they know neither
// buffers (`encoding: null`) nor `fd`.
declare module 'node-pty' {
  interface Options {
    name?: string
    cols: number
    rows: number
    cwd: string
    env: Record<string, string>
    encoding: null
  }

  interface Pty {
    readonly pid: number
    /** The pty's master; does not block. */
    readonly fd: number
    onData(listener: (data: Buffer) => void): void
    onExit(listener: (exit: { exitCode: number; signal?: number }) => void): void
    resize(columns: number, rows: number): void
    pause(): void
    resume(): void
  }

  export function spawn(file: string, args: string[], options: Options): Pty
}
