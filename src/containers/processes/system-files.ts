import type { Telling } from './kernel-nodes.ts'
import type { Machine } from './machine.ts'

/** A machine's memory as its kernel counts it, KiB: the whole machine's, whatever limit a container has. */
export function memoryFigures(machine: Machine) {
  // The kernel itself keeps a part, and what programs have read stays in its cache.
  const total = Math.floor((machine.hardware.memoryBytes * 0.97) / 1024)
  const cached = Math.floor(total * 0.35)
  const busy = Math.min(total - cached, Math.floor(total * 0.14) + Math.floor(machine.memoryBytes() / 1024))
  return { total, cached, busy, free: total - cached - busy, available: total - busy }
}

/** The machine's load in the last 1, 5 and 15 minutes; of all that runs there only this container is counted. */
export function loadAverages(machine: Machine): [string, string, string] {
  const load = machine.cpu.rate() / 1000
  return [load.toFixed(2), (load * 0.8).toFixed(2), (load * 0.6).toFixed(2)]
}

/** Since when a machine is up, s. */
export const uptimeOf = ({ clock, hardware }: Machine): number =>
  Math.max(0, (clock.now() - hardware.bootedAt) / 1000)

/** What `/proc` tells of the machine itself. */
export function systemFiles(machine: Machine): Record<string, Telling> {
  const { hardware } = machine
  return {
    cmdline: () =>
      'BOOT_IMAGE=(hd0,gpt1)/boot/vmlinuz root=UUID=5d1c1b2e ro console=tty0 console=ttyS0,115200n8\n',
    cpuinfo: () =>
      Array.from({ length: hardware.processors }, (_, index) => processor(machine, index)).join(''),
    filesystems: () =>
      `${['sysfs', 'tmpfs', 'proc', 'cgroup2', 'devpts', 'mqueue'].map((name) => `nodev\t${name}\n`).join('')}\text4\n\txfs\nnodev\toverlay\n`,
    loadavg: () =>
      `${loadAverages(machine).join(' ')} 1/${machine.processes.size} ${Math.max(1, ...machine.processes.keys())}\n`,
    meminfo: () => {
      const { total, cached, busy, free, available } = memoryFigures(machine)
      const rows: [string, number][] = [
        ['MemTotal', total],
        ['MemFree', free],
        ['MemAvailable', available],
        ['Buffers', 2088],
        ['Cached', cached - 2088],
        ['SwapCached', 0],
        ['Active', Math.floor(cached * 0.6)],
        ['Inactive', busy],
        ['SwapTotal', 0],
        ['SwapFree', 0],
        ['Dirty', 0],
        ['AnonPages', busy],
        ['Shmem', Math.floor(machine.files.memoryBytes / 1024)],
        ['CommitLimit', Math.floor(total / 2)],
      ]
      return rows.map(([name, size]) => `${`${name}:`.padEnd(16)}${String(size).padStart(8)} kB\n`).join('')
    },
    stat: () => {
      const ticks = Math.floor(machine.cpu.total / 10)
      const idle = Math.floor(uptimeOf(machine) * 100)
      const lines = Array.from(
        { length: hardware.processors },
        (_, index) => `cpu${index} ${index ? 0 : ticks} 0 0 ${idle} 0 0 0 0 0 0\n`,
      )
      return `cpu  ${ticks} 0 0 ${idle * hardware.processors} 0 0 0 0 0 0\n${lines.join('')}btime ${Math.floor(hardware.bootedAt / 1000)}\nprocesses ${machine.processes.size}\nprocs_running 1\nprocs_blocked 0\n`
    },
    uptime: () => {
      const seconds = uptimeOf(machine)
      return `${seconds.toFixed(2)} ${(seconds * hardware.processors * 0.95).toFixed(2)}\n`
    },
    version: () =>
      `Linux version ${machine.sysctls.get('kernel.osrelease')} (mockbuild@ip-10-0-35-184) (gcc (GCC) 11.5.0, GNU ld version 2.41) ${machine.sysctls.get('kernel.version')}\n`,
  }
}

/** A processor of a t3 instance; of an ARM machine, one of a t4g. */
function processor({ architecture }: Machine, index: number): string {
  const rows: [string, string | number][] =
    architecture === 'aarch64'
      ? [
          ['processor', index],
          ['BogoMIPS', '243.75'],
          [
            'Features',
            'fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp ssbs',
          ],
          ['CPU implementer', '0x41'],
          ['CPU architecture', 8],
          ['CPU variant', '0x3'],
          ['CPU part', '0xd0c'],
          ['CPU revision', 1],
        ]
      : [
          ['processor', index],
          ['vendor_id', 'GenuineIntel'],
          ['cpu family', 6],
          ['model', 85],
          ['model name', 'Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz'],
          ['stepping', 7],
          ['cpu MHz', '2499.998'],
          ['cache size', '36608 KB'],
          ['physical id', 0],
          ['siblings', 2],
          ['core id', Math.floor(index / 2)],
          ['cpu cores', 1],
          ['fpu', 'yes'],
          [
            'flags',
            'fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht syscall nx pdpe1gb rdtscp lm constant_tsc rep_good nopl xtopology nonstop_tsc cpuid tsc_known_freq pni pclmulqdq ssse3 fma cx16 pcid sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave avx f16c rdrand hypervisor lahf_lm abm 3dnowprefetch avx2 avx512f',
          ],
          ['bogomips', '4999.99'],
          ['clflush size', 64],
          ['address sizes', '46 bits physical, 48 bits virtual'],
        ]
  return `${rows.map(([name, value]) => `${name}${'\t'.repeat(name.length < 8 ? 2 : 1)}: ${value}\n`).join('')}\n`
}
