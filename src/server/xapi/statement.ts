// Statements by xAPI 1.0.3: https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Data.md#statements
import { randomUUID } from 'node:crypto'

/** Words of ADL's vocabulary: https://w3id.org/xapi/adl */
const VERBS = 'http://adlnet.gov/expapi/verbs/'
const TYPES = 'http://adlnet.gov/expapi/activities/'

export type Verb = 'initialized' | 'completed' | 'passed' | 'failed' | 'experienced'
export type ActivityType = 'lesson' | 'simulation' | 'assessment' | 'objective' | 'course'

export interface Agent {
  objectType: 'Agent'
  name?: string
  /** `mailto:…`; an agent has this or an account. */
  mbox?: string
  account?: { homePage: string; name: string }
}

export interface Activity {
  objectType: 'Activity'
  /** An IRI. */
  id: string
  definition: { type: string; name: { 'en-US': string } }
}

export interface Score {
  /** `raw` of `max`, from 0 to 1. */
  scaled: number
  raw: number
  min: number
  max: number
}

export interface Result {
  completion?: boolean
  success?: boolean
  score?: Score
  /** ISO 8601 */
  duration?: string
}

export interface Statement {
  /** A UUID, the same however often it is sent. */
  id: string
  actor: Agent
  verb: { id: string; display: { 'en-US': string } }
  object: Activity
  result?: Result
  context: {
    platform: string
    contextActivities?: { parent?: Activity[]; grouping?: Activity[] }
  }
  /** ISO 8601 */
  timestamp: string
}

export interface StatementParts {
  actor: Agent
  verb: Verb
  object: Activity
  /** What `object` is a part of. */
  parent?: Activity
  /** What it is done for: the courses and paths of whom it is about. */
  grouping: Activity[]
  result?: Result
  /** When it happened, ms since the epoch. */
  at: number
}

export function statement({ actor, verb, object, parent, grouping, result, at }: StatementParts): Statement {
  const around = { ...(parent && { parent: [parent] }), ...(grouping.length > 0 && { grouping }) }
  return {
    id: randomUUID(),
    actor,
    verb: { id: VERBS + verb, display: { 'en-US': verb } },
    object,
    ...(result && { result }),
    context: {
      platform: 'Drydock',
      ...(Object.keys(around).length > 0 && { contextActivities: around }),
    },
    timestamp: new Date(at).toISOString(),
  }
}

/** Something of this server, by the address of its page. */
export function activity(id: string, type: ActivityType, name: string): Activity {
  return { objectType: 'Activity', id, definition: { type: TYPES + type, name: { 'en-US': name } } }
}

export function score(points: number, of: number): Score {
  return { scaled: of === 0 ? 0 : points / of, raw: points, min: 0, max: of }
}

/** A duration (ms) as ISO 8601, in hundredths of a second: the specification compares no finer. */
export function duration(ms: number): string {
  return `PT${Number((Math.max(0, ms) / 1000).toFixed(2))}S`
}
