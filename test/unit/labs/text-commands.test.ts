import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { textCommands } from '#labs/text-commands.ts'

it('takes the shell commands of a text in order, and leaves out what only a person can do', () => {
  const text = [
    'First:',
    '```sh',
    'one',
    '```',
    '```yaml',
    'kind: Pod',
    '```',
    '```sh norun',
    'nano answers.yaml',
    '```',
    '```sh',
    'cat <<END',
    'two',
    'END',
    '```',
    '',
  ].join('\n')
  expect(textCommands(text)).toBe('one\ncat <<END\ntwo\nEND\n')
})

it('wants a command that the text shows as refused to end with its exit code', () => {
  const run = (command: string) =>
    spawnSync('bash', ['-euc', textCommands(`\`\`\`sh exit=1\n${command}\n\`\`\`\n`)]).status
  expect([run('false'), run('true'), run('(exit 2)')]).toEqual([0, 64, 1])
})
