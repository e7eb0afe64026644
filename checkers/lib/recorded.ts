import type { CheckContext } from '#checks/checker.ts'

/** What a learner wrote of the nodes to ~/before.txt, before they were changed. `command` is what prints it. */
export async function recordedNodes(t: CheckContext, command: string): Promise<string> {
  return t.found(await t.files.read('before.txt'), {
    id: 'no-record',
    title: 'The nodes are recorded in before.txt',
    expected: 'the output of kubectl get nodes in ~/before.txt',
    observed: 'there is no such file',
    evidence: 'ls ~/before.txt',
    hint: `${command} | tee ~/before.txt`,
  })
}
