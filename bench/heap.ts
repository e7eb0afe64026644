/** What this process holds, in bytes, when everything that is garbage has gone. Run with `--expose-gc`. */
export async function memoryHeld(): Promise<NodeJS.MemoryUsage> {
  for (let n = 0; n < 5; n++) {
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc!()
  }
  return process.memoryUsage()
}
