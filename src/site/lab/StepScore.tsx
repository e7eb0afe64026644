import type { StepScore as Score } from '#server/api.ts'
import { t } from '../i18n/index.ts'

/** What a step of a scored lab brought, and where the other points went. */
export function StepScore({ score }: { score: Score }) {
  const { points, lost, time, hints, solution, collateral } = score
  return (
    <div class="step-score">
      <p>
        <b>{t.lab.points(points)}</b>{' '}
        {solution ? t.lab.solutionShown : t.lab.took(Math.ceil(time / 60_000), lost.time)}
        {!solution && hints > 0 && ` ${t.lab.hintsOpened(hints, lost.hints)}`}
      </p>
      {collateral.length > 0 && (
        <>
          <p>{t.lab.collateral(lost.collateral)}</p>
          <ul>
            {collateral.map((words) => (
              <li key={words}>
                <code>{words}</code>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}
