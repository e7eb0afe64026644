import type { Program } from '../processes/process.ts'

const TICK_MS = 100
const UNITS: Record<string, number> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }
const DURATIONS: Record<string, number> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `150M`, `1Gi` in bytes. */
function bytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([bkmg]?)i?b?$/i.exec(text)
  return match ? Number(match[1]) * UNITS[match[2]!.toLowerCase()]! : 0
}

function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text)
  return match ? Number(match[1]) * DURATIONS[match[2]!]! : 0
}

/** `stress` (and what `stress-ng` has in common with it, and `vish/stress`): uses CPU and memory for a while. */
export const stress: Program = async (process) => {
  const words = process.argv.slice(1)
  const value = (...names: string[]) => {
    for (const name of names) {
      const index = words.findIndex((word) => word === name || word.startsWith(`${name}=`))
      if (index !== -1)
        return words[index]!.includes('=') ? words[index]!.split('=')[1]! : (words[index + 1] ?? '')
    }
    return undefined
  }
  const { machine } = process
  const cpu = Number(value('-c', '--cpu', '-cpus') ?? 0)
  const vm = Number(value('-m', '--vm') ?? 0)
  const perWorker = bytes(value('--vm-bytes') ?? '256M')
  const total = value('-mem-total') ? bytes(value('-mem-total')!) : vm * perWorker
  const timeout = value('-t', '--timeout')
  if (words.length === 0) {
    await process.print(
      "`stress' imposes certain types of compute stress on your system\n\nUsage: stress [OPTION [ARG]] ...\n",
    )
    return 0
  }
  if (value('-mem-total') === undefined && value('-cpus') === undefined)
    await process.print(
      `stress: info: [${process.pid}] dispatching hogs: ${cpu} cpu, ${Number(value('-i', '--io') ?? 0)} io, ${vm} vm, 0 hdd\n`,
    )
  const stop = new Promise<number>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve(1))
    if (timeout) machine.clock.setTimer(duration(timeout), () => resolve(0))
  })
  if (total > 0) process.holdMemory(total)
  const busy = cpu + (value('--vm-hang') ? 0 : vm)
  const tick = () => {
    if (process.status) return
    if (!machine.frozen) process.spend(TICK_MS * busy, Math.max(1, busy))
    machine.clock.setTimer(TICK_MS, tick)
  }
  if (busy > 0) tick()
  const began = machine.clock.now()
  const code = await process.waitFor(stop)
  if (code === 0)
    await process.print(
      `stress: info: [${process.pid}] successful run completed in ${Math.round((machine.clock.now() - began) / 1000)}s\n`,
    )
  return code
}
