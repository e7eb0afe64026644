import { badRequest, invalid, notSupported } from '../errors.ts'
import { managerErrors } from '../validation/managers.ts'

/** How unknown fields of a request are treated. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

export interface WriteQuery {
  dryRun: boolean
  fieldManager: string
  fieldValidation: FieldValidation
  force: boolean
}

const VALIDATIONS = ['Ignore', 'Strict', 'Warn']

/** The options of a mutating request. Throws Invalid. */
export function writeQuery(query: URLSearchParams, kind: string): WriteQuery {
  const dryRun = query.getAll('dryRun')
  const of = { group: 'meta.k8s.io', kind }
  if (dryRun.some((value) => value !== 'All')) {
    throw invalid(of, '', [
      notSupported(
        'dryRun',
        dryRun.find((value) => value !== 'All'),
        ['All'],
      ),
    ])
  }
  const fieldValidation = query.get('fieldValidation') || 'Warn'
  if (!VALIDATIONS.includes(fieldValidation)) {
    throw invalid(of, '', [notSupported('fieldValidation', fieldValidation, VALIDATIONS)])
  }
  const fieldManager = query.get('fieldManager') ?? ''
  const managerWrong = managerErrors(fieldManager, 'fieldManager')
  if (managerWrong.length > 0) throw invalid(of, '', managerWrong)
  return {
    dryRun: dryRun.length > 0,
    fieldManager,
    fieldValidation: fieldValidation as FieldValidation,
    force: query.get('force') === 'true',
  }
}

/** A whole number in a query; undefined when it is not there. Throws BadRequest. */
export function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^-?\d+$/.test(text))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Number(text)
}

export const flagIn = (query: URLSearchParams, name: string): boolean =>
  /^(true|1)$/i.test(query.get(name) ?? '')
