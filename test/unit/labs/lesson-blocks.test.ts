import { describe, expect, it } from 'vitest'
import { lessonBlocks } from '#labs/lesson-blocks.ts'

const text = (...lines: string[]) => lines.join('\n')

describe('the blocks of a lesson', () => {
  it('are its commands and files in order, with what is said about them', () => {
    const mdx = text(
      'Write:',
      '```yaml file=app/web.yaml',
      'kind: Pod',
      '```',
      '```sh exit=1 shows="not found" until="a b"',
      'kubectl get pods',
      '```',
      '```text',
      'only to read',
      '```',
      '```sh norun="needs a real account"',
      'aws login',
      '```',
    )
    expect(lessonBlocks(mdx, 'x.mdx')).toEqual([
      { kind: 'file', file: 'app/web.yaml', text: 'kind: Pod\n', line: 2 },
      { kind: 'command', commands: 'kubectl get pods', line: 5, exit: 1, shows: 'not found', until: 'a b' },
    ])
  })

  it.each([
    ['an annotation that does not exist', ['```sh fails', 'x', '```'], 'x.mdx:1'],
    ['norun without a reason', ['```sh norun', 'x', '```'], 'x.mdx:1: norun'],
    ['commands that nobody would run', ['- a list', '  ```sh', '  x', '  ```'], 'x.mdx:2'],
    ['a console transcript', ['```console', '$ x', '```'], 'x.mdx:1'],
    ['a file outside of the home folder', ['```yaml file=../x', 'x', '```'], 'x.mdx:1: file'],
    ['two outputs that cannot be told apart', ['```sh', 'x', '```', '```sh', 'x', '```'], 'x.mdx:4'],
  ])('refuse %s', (_, lines, problem) => {
    expect(() => lessonBlocks(text(...lines, ''), 'x.mdx')).toThrow(problem)
  })

  it('may show the same commands twice under two ids', () => {
    const mdx = text('```sh id=before', 'x', '```', '```sh id=after', 'x', '```')
    expect(lessonBlocks(mdx, 'x.mdx')).toHaveLength(2)
  })
})
