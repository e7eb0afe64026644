import type { Process } from '../processes/process.ts'

/** Whether the commands around a process are busybox's, and not GNU's. */
export const isBusybox = (process: Process): boolean => process.files.exists('/bin/busybox')
