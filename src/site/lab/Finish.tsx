import type { LabResult } from '#server/api.ts'
import { t } from '../i18n/index.ts'
import { Icon } from './Icon.tsx'
import { lab, passed } from './store.ts'

/** What stands under the steps when all are done; in a scored lab the result, from the first step on. */
export function Finish() {
  const { steps = [], result } = lab.value ?? {}
  if (passed.value === 0) return null
  const done = passed.value === steps.length
  if (!done && !result) return null
  return (
    <div class="finish" data-passed={result?.passed}>
      {done && (
        <p>
          <Icon name="check" />
          {t.lab.allDone}
        </p>
      )}
      {result && <Result result={result} done={done} />}
    </div>
  )
}

function Result({
  result: { points, of, needed, passed, time },
  done,
}: {
  result: LabResult
  done: boolean
}) {
  return (
    <p>
      <b>{t.lab.result(points, of)}</b> {t.lab.inMinutes(Math.ceil(time / 60_000))}{' '}
      {passed ? t.lab.resultPassed : done ? t.lab.resultMissed(needed) : t.lab.resultNeeded(needed)}
    </p>
  )
}
