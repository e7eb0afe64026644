import { randomUUID } from 'node:crypto'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CloudClient } from '#cloud/api.ts'
import type { Lesson } from './lesson.ts'
import type { PreparedWorlds, ShellEnvironment } from './starts.ts'

export interface LessonWorlds {
  cloud: CloudClient
  worlds: PreparedWorlds
  environment: ShellEnvironment
}

/** Where a lesson is tried. */
export interface LessonPlace {
  /** Beside the home: for scripts and what they print. */
  folder: string
  home: string
  /** Of shells in the home. */
  env: Record<string, string>
}

/** Does something in a fresh copy of a lesson's world and a home of its own; both are gone afterwards. `purpose` begins their names. */
export async function inLessonWorld<T>(
  lesson: Lesson,
  purpose: string,
  { cloud, worlds, environment }: LessonWorlds,
  act: (place: LessonPlace) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), `drydock-${purpose}-`))
  const home = join(folder, 'home')
  const { world, files } = await worlds.create(lesson.start, {
    id: `${purpose}-${randomUUID().slice(0, 8)}`,
    seed: lesson.id,
    provisioning: 'instant',
    home,
  })
  try {
    await mkdir(home)
    if (files) await cp(files, home, { recursive: true })
    return await act({ folder, home, env: await environment(world, home) })
  } finally {
    await cloud.deleteWorld(world.id)
    await rm(folder, { recursive: true, force: true })
  }
}
