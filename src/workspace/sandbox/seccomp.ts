import { constants } from 'node:os'

/** AUDIT_ARCH_… of <linux/audit.h>, and the numbers of the refused system calls of each: asm/unistd_64.h, asm-generic/unistd.h. */
const ARCHITECTURES = {
  x64: {
    audit: 0xc000003e,
    calls: {
      ptrace: 101,
      syslog: 103,
      vhangup: 153,
      pivot_root: 155,
      chroot: 161,
      acct: 163,
      settimeofday: 164,
      mount: 165,
      umount2: 166,
      swapon: 167,
      swapoff: 168,
      reboot: 169,
      sethostname: 170,
      setdomainname: 171,
      init_module: 175,
      delete_module: 176,
      quotactl: 179,
      clock_settime: 227,
      kexec_load: 246,
      add_key: 248,
      request_key: 249,
      keyctl: 250,
      unshare: 272,
      perf_event_open: 298,
      name_to_handle_at: 303,
      open_by_handle_at: 304,
      setns: 308,
      process_vm_readv: 310,
      process_vm_writev: 311,
      kcmp: 312,
      finit_module: 313,
      kexec_file_load: 320,
      bpf: 321,
      userfaultfd: 323,
      io_uring_setup: 425,
      io_uring_enter: 426,
      io_uring_register: 427,
      open_tree: 428,
      move_mount: 429,
      fsopen: 430,
      fsconfig: 431,
      fsmount: 432,
      fspick: 433,
      pidfd_getfd: 438,
      mount_setattr: 442,
    },
    clone: 56,
    clone3: 435,
    ioctl: 16,
    socket: 41,
  },
  arm64: {
    audit: 0xc00000b7,
    calls: {
      ptrace: 117,
      syslog: 116,
      vhangup: 58,
      pivot_root: 41,
      chroot: 51,
      acct: 89,
      settimeofday: 170,
      mount: 40,
      umount2: 39,
      swapon: 224,
      swapoff: 225,
      reboot: 142,
      sethostname: 161,
      setdomainname: 162,
      init_module: 105,
      delete_module: 106,
      quotactl: 60,
      clock_settime: 112,
      kexec_load: 104,
      add_key: 217,
      request_key: 218,
      keyctl: 219,
      unshare: 97,
      perf_event_open: 241,
      name_to_handle_at: 264,
      open_by_handle_at: 265,
      setns: 268,
      process_vm_readv: 270,
      process_vm_writev: 271,
      kcmp: 272,
      finit_module: 273,
      kexec_file_load: 294,
      bpf: 280,
      userfaultfd: 282,
      io_uring_setup: 425,
      io_uring_enter: 426,
      io_uring_register: 427,
      open_tree: 428,
      move_mount: 429,
      fsopen: 430,
      fsconfig: 431,
      fsmount: 432,
      fspick: 433,
      pidfd_getfd: 438,
      mount_setattr: 442,
    },
    clone: 220,
    clone3: 435,
    ioctl: 29,
    socket: 198,
  },
} as const

/** Flags of clone(2) that make namespaces: <linux/sched.h>. */
const NEW_NAMESPACES = 0x7e020000
/** ioctl(2) requests that put input into a terminal: TIOCSTI, TIOCLINUX. */
const TERMINAL_INPUT = [0x5412, 0x541c]
/** Socket families that tools use: AF_UNIX, AF_INET, AF_INET6, AF_NETLINK (`getaddrinfo` asks for the interfaces). */
const FAMILIES = [1, 2, 10, 16]

/** BPF: load a word of seccomp_data, compare, answer. <linux/filter.h> */
const LOAD = 0x20
const EQUAL = 0x15
const AT_LEAST = 0x35
const ANY_BIT = 0x45
const ANSWER = 0x06
/** Offsets in struct seccomp_data; arguments' lower halves, little-endian. */
const NUMBER = 0
const ARCHITECTURE = 4
const argument = (index: number) => 16 + 8 * index

const ALLOW = 0x7fff0000
const KILL = 0x80000000
const refuse = (error: number) => 0x00050000 | error

type Instruction = [code: number, jumpIfTrue: number, jumpIfFalse: number, value: number]

/**
 * A seccomp filter for a learner's programs: a BPF program as `bwrap --seccomp` reads it. It refuses what no tool of a
 * lab needs and what escapes have been made of: new namespaces, mounts, tracing, keys, BPF, io_uring, input put into
 * terminals. Undefined for a processor whose numbers are not known.
 */
export function seccompFilter(architecture: string): Buffer | undefined {
  const table = ARCHITECTURES[architecture as keyof typeof ARCHITECTURES]
  if (!table) return undefined
  const { EPERM, ENOSYS } = constants.errno
  const program: Instruction[] = [
    [LOAD, 0, 0, ARCHITECTURE],
    [EQUAL, 1, 0, table.audit],
    [ANSWER, 0, 0, KILL],
    [LOAD, 0, 0, NUMBER],
    // The numbers of the x32 ABI, which no tool is built for.
    [AT_LEAST, 0, 1, 0x40000000],
    [ANSWER, 0, 0, refuse(ENOSYS)],
    // glibc falls back to clone, whose flags can be read.
    ...refuseIf(table.clone3, ENOSYS),
    ...Object.values(table.calls).flatMap((number) => refuseIf(number, EPERM)),
    ...inspect(table.clone, 0, [
      [ANY_BIT, 0, 1, NEW_NAMESPACES],
      [ANSWER, 0, 0, refuse(EPERM)],
    ]),
    ...inspect(
      table.ioctl,
      1,
      TERMINAL_INPUT.flatMap((request) => refuseIf(request, EPERM)),
    ),
    ...inspect(table.socket, 0, [
      ...FAMILIES.map((family, index): Instruction => [EQUAL, FAMILIES.length - index, 0, family]),
      [ANSWER, 0, 0, refuse(constants.errno.EAFNOSUPPORT)],
    ]),
    [ANSWER, 0, 0, ALLOW],
  ]
  const bytes = Buffer.alloc(program.length * 8)
  program.forEach(([code, yes, no, value], index) => {
    bytes.writeUInt16LE(code, index * 8)
    bytes.writeUInt8(yes, index * 8 + 2)
    bytes.writeUInt8(no, index * 8 + 3)
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4)
  })
  return bytes
}

function refuseIf(value: number, error: number): Instruction[] {
  return [
    [EQUAL, 0, 1, value],
    [ANSWER, 0, 0, refuse(error)],
  ]
}

/** Looks at an argument of one system call, and then at the call's number again. */
function inspect(number: number, index: number, then: Instruction[]): Instruction[] {
  return [[EQUAL, 0, then.length + 2, number], [LOAD, 0, 0, argument(index)], ...then, [LOAD, 0, 0, NUMBER]]
}
