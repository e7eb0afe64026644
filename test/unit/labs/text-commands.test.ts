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
