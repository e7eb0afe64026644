import { badRequest, type FieldError, forbiddenField, invalid, notSupported } from '../errors.ts'
import { flagIn } from './options.ts'

/** What a list or watch asks for beside selectors. */
export interface ListOptions {
  /** `''` and `'0'` are the newest there is. */
  resourceVersion: string
  /** Whether the list is to be as it was at that version, and not as it is now. */
  exact: boolean
  continue: string
  /** Whether a watch begins with what there is, and tells when that is through. */
  sendInitialEvents: boolean
}

const MATCHES = ['Exact', 'NotOlderThan']
const MATCH = 'resourceVersionMatch'

/** Reads the options of a list or watch. Throws Invalid or BadRequest. Models apimachinery/pkg/apis/meta/internalversion/validation. */
export function listOptions(query: URLSearchParams, isWatch: boolean): ListOptions {
  const errors = isWatch ? watchErrors(query) : listErrors(query)
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors)
  const resourceVersion = query.get('resourceVersion') ?? ''
  if (!/^\d*$/.test(resourceVersion)) {
    const shown = JSON.stringify(resourceVersion)
    throw badRequest(
      `resourceVersion: Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: invalid syntax`,
    )
  }
  const match = query.get(MATCH)
  const isVersion = resourceVersion !== '' && resourceVersion !== '0'
  // A page of a version is of that version, as it was before one could say so.
  const isPage = !match && Number(query.get('limit') ?? 0) > 0
  return {
    resourceVersion,
    exact: isVersion && (match === 'Exact' || isPage),
    continue: query.get('continue') ?? '',
    sendInitialEvents: flagIn(query, 'sendInitialEvents'),
  }
}

function listErrors(query: URLSearchParams): FieldError[] {
  const errors: FieldError[] = []
  const match = query.get(MATCH)
  if (query.has('sendInitialEvents'))
    errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  if (!match) return errors
  const version = query.get('resourceVersion')
  if (!version) errors.push(forbiddenField(MATCH, `${MATCH} is forbidden unless resourceVersion is provided`))
  if (query.get('continue'))
    errors.push(forbiddenField(MATCH, `${MATCH} is forbidden when continue is provided`))
  if (!MATCHES.includes(match)) errors.push(notSupported(MATCH, match, [...MATCHES, '']))
  if (match === 'Exact' && version === '0')
    errors.push(forbiddenField(MATCH, `${MATCH} "exact" is forbidden for resourceVersion "0"`))
  return errors
}

function watchErrors(query: URLSearchParams): FieldError[] {
  const errors: FieldError[] = []
  const match = query.get(MATCH)
  const initial = query.has('sendInitialEvents')
  if (initial && match !== 'NotOlderThan')
    errors.push(forbiddenField(MATCH, `sendInitialEvents requires setting ${MATCH} to NotOlderThan`))
  if (!match) return errors
  if (!initial)
    errors.push(forbiddenField(MATCH, `${MATCH} is forbidden for watch unless sendInitialEvents is provided`))
  if (match !== 'NotOlderThan') errors.push(notSupported(MATCH, match, ['NotOlderThan']))
  if (query.get('continue'))
    errors.push(forbiddenField(MATCH, `${MATCH} is forbidden when continue is provided`))
  return errors
}
