import type { LabResult } from '#server/api.ts'
import { href } from '../href.ts'
import { t } from '../i18n/index.ts'
import { Icon } from './Icon.tsx'
import { lab, passed } from './store.ts'

/**
 * What stands under the steps when all are done, with the way to the next lab (`path` and `title`; none after the last one);
 * in a scored lab the result, from the first step on.
 */
export function Finish({ path, title }: Record<string, string>) {
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
      {done && (
        <p class="on">
          {path && (
            <a class="button primary small" href={path}>
              {t.lab.nextLab} <span lang="en">{title}</span>
            </a>
          )}
          <a class="button quiet small" href={href('/labs/')}>
            {t.lab.allLabs}
          </a>
        </p>
      )}
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
