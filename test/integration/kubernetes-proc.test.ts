import { afterAll, beforeAll, describe, it } from 'vitest'
import { type KubectlCluster, kubectlCluster } from './kubernetes-server.ts'
import { transcript } from './transcript.ts'

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await kubectlCluster({ nodes: 1 })
  await cluster.kubectl('wait --for=condition=Ready node --all --timeout=30s')
  await cluster.kubectl(
    'apply -f -',
    `
apiVersion: v1
kind: Pod
metadata: {name: box}
spec:
  terminationGracePeriodSeconds: 0
  securityContext: {sysctls: [{name: net.ipv4.ip_local_port_range, value: 1024 65535}]}
  volumes:
  - {name: disk, emptyDir: {}}
  - {name: memory, emptyDir: {medium: Memory}}
  containers:
  - name: main
    image: busybox:1.37
    command: [sleep, '100000']
    env: [{name: COLOUR, value: blue}]
    resources: {limits: {cpu: 250m, memory: 64Mi}}
  - {name: debian, image: 'debian:13', command: [sleep, '100000']}
  - {name: ubuntu, image: 'ubuntu:24.04', command: [sleep, '100000']}
  - name: test
    image: registry.k8s.io/e2e-test-images/agnhost:2.53
    args: [pause]
    volumeMounts: [{name: disk, mountPath: /disk}, {name: memory, mountPath: /memory}]
`,
  )
  await cluster.kubectl('wait pod/box --for=condition=Ready --timeout=60s')
})
afterAll(() => cluster.close())

const inside = (container: string, script: string) => `kubectl exec box -c ${container} -- sh -c '${script}'`

// Source: man7.org proc(5), docs.kernel.org/admin-guide/cgroup-v2.html, busybox 1.37 and util-linux for what the commands print,
// test/images/agnhost/mounttest/mt.go.
describe('inside a container', () => {
  it('the kernel tells of its processes, its limits and its machine', () =>
    transcript(
      cluster,
      `
      $ ${inside('main', 'tr "\\0" " " </proc/1/cmdline; cat /proc/1/comm; readlink /proc/1/exe; tr "\\0" "\\n" </proc/1/environ | grep COLOUR')}
      sleep 100000 sleep
      /bin/busybox
      COLOUR=blue
      $ ${inside('main', 'cat /proc/self/comm; grep -E "^(Name|PPid|Uid):" /proc/self/status')}
      cat
      Name:	grep
      PPid:	…
      Uid:	0	0	0	0
      $ ${inside('main', 'cd /sys/fs/cgroup; cat memory.max cpu.max; ls | grep ^pids; [ $(cat memory.current) -gt 1000000 ] && echo some')}
      67108864
      25000 100000
      pids.current
      pids.max
      some
      $ ${inside('debian', 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max')}
      max
      max 100000
      $ ${inside('main', 'grep -c ^processor /proc/cpuinfo; nproc; [ $(awk "/MemTotal/ {print \\$2}" /proc/meminfo) = $(free | awk "/Mem/ {print \\$2}") ] && echo same')}
      4
      4
      same
      $ ${inside('main', 'cat /proc/loadavg; uptime; cat /proc/cgroups 2>&1')}
      0.… 0.… 0.… 1/… …
       …:…:… up …,  0 users,  load average: 0.…, 0.…, 0.…
      cat: can't open '/proc/cgroups': No such file or directory
      command terminated with exit code 1
      [exit 1]
      $ ${inside('main', 'ls /proc | grep -c "^1$"; head -n 1 /proc/mounts | cut -c1-10; cat /proc/1/cgroup')}
      1
      overlay / 
      0::/
      `,
    ))

  it('settings are a pod’s own, and read only', () =>
    transcript(
      cluster,
      `
      $ ${inside('main', 'cat /proc/sys/net/ipv4/ip_local_port_range; sysctl -n net.core.somaxconn')}
      1024	65535
      4096
      $ ${inside('main', 'sysctl -w net.ipv4.ip_forward=0; sysctl no.such')}
      sysctl: error setting key 'net.ipv4.ip_forward': Read-only file system
      sysctl: error: 'no.such' is an unknown key
      command terminated with exit code 1
      [exit 1]
      $ ${inside('debian', 'echo 0 >/proc/sys/net/ipv4/ip_forward; echo x >/proc/new; free')}
      sh: 1: cannot create /proc/sys/net/ipv4/ip_forward: Read-only file system
      sh: 1: cannot create /proc/new: Permission denied
      sh: 1: free: not found
      command terminated with exit code 127
      [exit 127]
      `,
    ))

  it('bytes are shown, and mounts tested', () =>
    transcript(
      cluster,
      `
      $ ${inside('main', 'echo "hello world, this is text" | hexdump -C; printf abc | hexdump; head -c 64 /dev/zero | hd -s 16')}
      00000000  68 65 6c 6c 6f 20 77 6f  72 6c 64 2c 20 74 68 69  |hello world, thi|
      00000010  73 20 69 73 20 74 65 78  74 0a                    |s is text.|
      0000001a
      0000000 6261 0063
      0000003
      00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
      *
      00000040
      $ kubectl exec box -c test -- /agnhost mounttest --fs_type=/memory --new_file_0644=/memory/a --file_perm=/memory/a --file_owner=/memory/a
      mount type of "/memory": tmpfs
      content of file "/memory/a": mount-tester new file

      perms of file "/memory/a": -rw-r--r--
      owner UID of "/memory/a": 0
      owner GID of "/memory/a": 0
      $ kubectl exec box -c test -- /agnhost mounttest --fs_type=/disk --file_mode=/disk --file_content=/disk/none
      mount type of "/disk": 1481003842
      mode of file "/disk": drwxrwxrwx
      error reading file content for "/disk/none": open /disk/none: no such file or directory
      command terminated with exit code 1
      [exit 1]
      `,
    ))

  it('each image has its own shell and tools', () =>
    transcript(
      cluster,
      `
      $ ${inside('debian', '[[ a = a ]]; time true')} || true
      sh: 1: [[: not found
      sh: 1: time: not found
      command terminated with exit code 127
      $ ${inside('debian', 'getent passwd root; getent hosts box; groups; realpath /bin/sh')}
      root:x:0:0:root:/root:/bin/bash
      …             box
      root
      /usr/bin/dash
      $ kubectl exec box -c debian -- bash -c '[[ a = a ]] && echo yes' && kubectl exec box -c debian -- bash -c ps
      yes
      bash: line 1: ps: command not found
      command terminated with exit code 127
      [exit 127]
      $ ${inside('main', '[[ a = a ]] && echo yes; printf ab >a; printf ac >b; cmp a b; more a; realpath ../tmp')} && ${inside('main', 'time true')}
      yes
      a b differ: char 2, line 1
      ab/tmp
      real	0m 0.00s
      user	0m 0.00s
      sys	0m 0.00s
      $ kubectl exec box -c ubuntu -- ps -ef
      UID          PID    PPID  C STIME TTY          TIME CMD
      root           1       0 … …:… ?        00:00:00 sleep 100000
      root           2       0 … …:… ?        00:00:00 ps -ef
      $ kubectl exec box -c ubuntu -- ps aux
      USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND
      root           1  …  sleep 100000
      root           3  …  ps aux
      `,
    ))
})
