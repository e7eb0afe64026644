import { createPrivateKey } from 'node:crypto'
import type { Database } from '#database/database.ts'
import { Grades } from '#database/grades.ts'
import { keptSecret } from '#database/secrets.ts'
import type { Settings } from '../settings.ts'
import { Gradebook, type GradebookOptions } from './gradebook.ts'
import { newToolKey } from './key.ts'
import { LtiTool } from './tool.ts'

/** What a server has that learning platforms know. */
export interface Lti {
  tool: LtiTool
  grades: Grades
  gradebook: Gradebook
}

export interface LtiOptions extends Pick<GradebookOptions, 'result' | 'onError'> {
  settings: Pick<Settings, 'lti' | 'url'>
  database: Database
}

/** Makes it; undefined where the settings name no platform. */
export async function openLti({ settings, database, ...told }: LtiOptions): Promise<Lti | undefined> {
  if (settings.lti.length === 0) return undefined
  const key = createPrivateKey(await keptSecret(database, 'lti', newToolKey))
  const tool = new LtiTool(settings.lti, new URL(settings.url), key)
  const grades = new Grades(database)
  return {
    tool,
    grades,
    gradebook: new Gradebook({ grades, platform: (id) => tool.platform(id), ...told }),
  }
}
