import type { MemoryPool } from '../runtime.ts'
import type { Machine } from './machine.ts'
import type { Process } from './process.ts'

/** The machines that share a pool. */
const members = new WeakMap<MemoryPool, Set<Machine>>()

export function joinPool(pool: MemoryPool, machine: Machine): void {
  const known = members.get(pool)
  if (known) known.add(machine)
  else members.set(pool, new Set([machine]))
}

export const leavePool = (pool: MemoryPool, machine: Machine): void => void members.get(pool)?.delete(machine)

/** Kills the worst process while a pool is used up. Models the kernel's oom_badness. */
export function enforcePool(pool: MemoryPool): void {
  const machines = [...(members.get(pool) ?? [])]
  const used = () => machines.reduce((sum, machine) => sum + machine.memoryBytes(), 0)
  const badness = ({ machine, memoryBytes }: Process) =>
    memoryBytes + ((machine.oomScoreAdjust ?? 0) * pool.capacityBytes) / 1000
  while (used() > pool.capacityBytes) {
    const [victim] = machines.flatMap(({ own }) => own).sort((a, b) => badness(b) - badness(a))
    if (!victim) return
    pool.killed?.(victim)
    victim.machine.killForMemory(victim)
  }
}
