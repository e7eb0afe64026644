import type { ApiProblem } from '#server/api.ts'
import { t } from './i18n/index.ts'
import { signedIn } from './sign-in.ts'

/** What went wrong with a request, in words for the reader. */
export class ProblemError extends Error {
  readonly problem: ApiProblem['error']
  /** The HTTP status; 0 when the server did not answer. */
  readonly status: number

  constructor(problem: ApiProblem['error'], status: number) {
    super(problem.what)
    this.problem = problem
    this.status = status
  }
}

/** Asks the server's API (see `src/server/api.ts`). Rejects with a `ProblemError`. */
export async function request<T>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  content?: object,
): Promise<T> {
  await signedIn
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers: { accept: 'application/json', ...(content && { 'content-type': 'application/json' }) },
      ...(content && { body: JSON.stringify(content) }),
    })
  } catch {
    throw new ProblemError(t.problem.unreachable, 0)
  }
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok) return body as T
  const problem = (body as ApiProblem | undefined)?.error ?? t.problem.unexpected(response.status)
  throw new ProblemError(problem, response.status)
}
