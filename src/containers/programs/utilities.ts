import type { Program } from '../processes/process.ts'
import { CHECKSUMS } from './checksums.ts'
import { COMMAND_UTILITIES } from './command-utilities.ts'
import { dd } from './dd.ts'
import { FILE_UTILITIES } from './file-utilities.ts'
import { hexdump } from './hexdump.ts'
import { NETWORK_UTILITIES } from './network-tools.ts'
import { PROCESS_UTILITIES } from './process-utilities.ts'
import { seq } from './seq.ts'
import { SMALL_UTILITIES } from './small-utilities.ts'
import { STREAM_UTILITIES } from './stream-utilities.ts'
import { SYSTEM_UTILITIES } from './system-utilities.ts'
import { tail } from './tail.ts'
import { test } from './test.ts'
import { tr } from './tr.ts'

/** Programs that stream, wait, or show the world's own state; the others are just-bash's. */
export const UTILITIES: Record<string, Program> = {
  ...STREAM_UTILITIES,
  ...COMMAND_UTILITIES,
  ...PROCESS_UTILITIES,
  ...SYSTEM_UTILITIES,
  ...FILE_UTILITIES,
  ...NETWORK_UTILITIES,
  ...CHECKSUMS,
  ...SMALL_UTILITIES,
  dd,
  hexdump,
  hd: hexdump,
  seq,
  tail,
  test,
  '[': test,
  tr,
  true: async () => 0,
  false: async () => 1,
}
