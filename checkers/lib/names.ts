import type { CheckContext } from '#checks/checker.ts'

/** The names that were drawn for this learner, by parameter of the lab (`no-names`): `names.env` in the home folder. */
export async function drawnNames(t: CheckContext): Promise<Record<string, string>> {
  const text = t.found(await t.files.read('names.env'), {
    id: 'no-names',
    title: 'Your names are in names.env',
    expected: 'a file ~/names.env, written when the lab was started',
    observed: 'it is gone',
    evidence: 'ls ~/names.env',
    cause: 'It was deleted or moved.',
    hint: 'Take “Back to where it began” in the step.',
  })
  return Object.fromEntries(
    [...text.matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name, value]) => [
      name!.toLowerCase().replaceAll('_', '-'),
      value!.trim(),
    ]),
  )
}
