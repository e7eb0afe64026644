import type { ApiProblem } from '#server/api.ts'

/** What happened, why, and what to do next. */
export function Problem({ problem }: { problem: ApiProblem['error'] }) {
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{problem.what}</strong> {problem.why}
      </p>
      {problem.next && <p>{problem.next}</p>}
    </div>
  )
}
