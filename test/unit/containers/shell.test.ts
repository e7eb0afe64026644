import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Container } from '#containers/runtime.ts'
import { finish, type Lab, openLab } from './lab.ts'

let lab: Lab
let box: Container
beforeAll(async () => {
  lab = await openLab()
  box = await lab.container('debian:latest', { command: ['sleep', 'infinity'] })
  await box.start()
})
afterAll(() => lab.close())

const run = async (shell: string, script: string) =>
  finish(await box.exec({ command: [shell, '-c', script] }))

// Each expectation is what dash 0.5.12 and bash 5.2 print.
const BOTH: [name: string, script: string, stdout: string, exitCode?: number][] = [
  ['pipes into loops', 'for i in 1 2; do echo $i; done | while read x; do echo "<$x>"; done', '<1>\n<2>\n'],
  [
    'leaves loops',
    'i=0; until [ $i -ge 3 ]; do i=$((i+1)); for j in 1 2; do [ $j = 2 ] && break; [ $i = 2 ] && continue 2; echo $i$j; done; done',
    '11\n31\n',
  ],
  ['chooses cases', 'case abc in x) echo no;; a?c|z) echo yes;; *) echo other;; esac', 'yes\n'],
  [
    'calls functions',
    'f() { echo "$#:$1"; shift; echo "$@"; return 4; }; f "a b" c d; echo $?',
    '3:a b\nc d\n4\n',
  ],
  [
    'keeps words of "$@"',
    'set -- a "b c"; for x in "$@"; do echo "[$x]"; done; for x in $*; do echo "{$x}"; done',
    '[a]\n[b c]\n{a}\n{b}\n{c}\n',
  ],
  [
    'splits only what is unquoted',
    'a="x  y"; echo $a; echo "$a"; echo ${u:-q  r}; echo "${u:-q  r}"',
    'x y\nx  y\nq r\nq  r\n',
  ],
  [
    'cuts patterns',
    'p=/usr/lib/x.tar.gz; echo ${p##*/} ${p%/*} ${p%.*} ${p%%.*}',
    'x.tar.gz /usr/lib /usr/lib/x.tar /usr/lib/x\n',
  ],
  ['expands here-documents', 'v=1; cat <<E\n$((v+1)) `echo sub`\nE\ncat <<"E"\n$v\nE', '2 sub\n$v\n'],
  [
    'stops at -e, but not where it is tested',
    'set -e; if false; then :; fi; false || echo or; ! true || echo neg; false; echo never',
    'or\nneg\n',
    1,
  ],
  ['runs the EXIT trap with the status', 'trap "echo bye $?" EXIT; echo hi; exit 3', 'hi\nbye 0\n', 3],
  ['runs traps between commands', 'trap "echo got" USR1; kill -USR1 $$; echo after', 'got\nafter\n'],
  ['waits for background jobs', 'sleep 0.01 & wait $!; echo $?; (exit 5) & wait $!; echo $?', '0\n5\n'],
  ['keeps subshells apart', 'x=1; (x=2; echo $x); echo $x', '2\n1\n'],
  ['gives a variable to one command', 'y=4 sh -c "echo \\$y"; echo "[$y]"', '4\n[]\n'],
  [
    'redirects descriptors',
    '{ echo o; echo e >&2; } 2>&1 | sort; echo one > /tmp/f; echo two >> /tmp/f; cat < /tmp/f',
    'e\no\none\ntwo\n',
  ],
  ['ends writers of a broken pipe', 'yes | head -n 2', 'y\ny\n'],
  ['reads fields', 'printf "1:2:3\\n" | { IFS=: read a b; echo "$b $a"; }', '2:3 1\n'],
  ['globs', 'cd /etc; echo pass*d host[ns]ame *.nomatch', 'passwd hostname *.nomatch\n'],
  ['finds nothing', 'nosuch 2>/dev/null; echo $?', '127\n'],
]

describe('shell', () => {
  it.each(BOTH)('%s', async (_name, script, stdout, exitCode = 0) => {
    for (const shell of ['sh', 'bash']) {
      const result = await run(shell, script)
      expect([shell, result.stdout, result.exitCode]).toEqual([shell, stdout, exitCode])
    }
  })

  it('speaks as each shell does', async () => {
    expect((await run('sh', 'nosuch')).stderr).toBe('sh: 1: nosuch: not found\n')
    expect((await run('bash', 'nosuch')).stderr).toBe('bash: line 1: nosuch: command not found\n')
    expect((await run('sh', 'cat < /none')).stderr).toBe('sh: 1: cannot open /none: No such file\n')
    expect((await run('bash', 'cat < /none')).stderr).toBe('bash: line 1: /none: No such file or directory\n')
    expect(await run('sh', 'if true; then')).toMatchObject({
      exitCode: 2,
      stderr: 'sh: 1: Syntax error: end of file unexpected (expecting "fi")\n',
    })
    expect(await run('sh', 'echo )')).toMatchObject({
      stdout: '',
      stderr: 'sh: 1: Syntax error: ")" unexpected\n',
    })
  })

  it('has bash extensions only in bash', async () => {
    expect((await run('bash', 'echo {a,b}{1..2}; [[ abc == a* ]] && echo yes')).stdout).toBe(
      'a1 a2 b1 b2\nyes\n',
    )
    expect((await run('sh', 'echo {a,b}')).stdout).toBe('{a,b}\n')
  })

  it('runs scripts by their first line and refuses what is no program', async () => {
    await box.files.write('/tmp/hello', Buffer.from('#!/bin/sh\necho "hi $1 from $0"\n'), 0o755)
    expect((await finish(await box.exec({ command: ['/tmp/hello', 'you'] }))).stdout).toBe(
      'hi you from /tmp/hello\n',
    )
    await box.files.write('/tmp/text', Buffer.from('echo plain\n'), 0o755)
    await expect(box.exec({ command: ['/tmp/text'] })).rejects.toThrow('exec /tmp/text: exec format error')
    expect((await run('sh', '/tmp/text')).stdout).toBe('plain\n')
    await box.files.write('/tmp/closed', Buffer.from('#!/bin/sh\n'), 0o644)
    await expect(box.exec({ command: ['/tmp/closed'] })).rejects.toMatchObject({ exitCode: 126 })
  })

  it('says honestly that it cannot run a compiled program', async () => {
    await box.files.write('/app', Buffer.from('\x7fELF\x02\x01\x01real machine code', 'latin1'), 0o755)
    const result = await finish(await box.exec({ command: ['/app'] }))
    expect(result.exitCode).toBe(126)
    expect(result.stderr).toContain('/app is a compiled program that the simulation has no model of')
  })

  it('lets the rest of the world run during an endless loop', async () => {
    const loop = await box.exec({ command: ['sh', '-c', 'while :; do :; done'] })
    await new Promise((resolve) => setImmediate(resolve))
    loop.kill('SIGKILL')
    expect(await loop.exited).toEqual({ exitCode: 137, signal: 'SIGKILL' })
  })
})
