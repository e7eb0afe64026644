import type { CheckContext } from '#checks/checker.ts'

/**
 * What a learner wrote of the nodes to ~/before.txt, before they were changed. `command` is what prints it. A record of
 * no node shows nothing of what was there.
 */
export async function recordedNodes(t: CheckContext, command: string): Promise<string> {
  const text = await t.files.read('before.txt')
  return t.found(text && /\b(ip-\d|i-[0-9a-f])/.test(text) ? text : undefined, {
    id: 'no-record',
    title: 'The nodes are recorded in before.txt',
    expected: 'the output of kubectl get nodes in ~/before.txt',
    observed: text === undefined ? 'there is no such file' : 'it names no node',
    evidence: 'cat ~/before.txt',
    hint: `${command} | tee ~/before.txt`,
  })
}
