import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, openLab } from './lab.ts'

// What programs in a container of the engine see of its network, its mounts and its limits.
let lab: Lab
beforeAll(async () => {
  lab = await openLab()
  for (const image of ['busybox', 'alpine', 'debian'])
    await lab.docker('POST', `/images/create?fromImage=${image}&tag=latest`)
})
afterAll(() => lab.close())

/** What a command prints in a new container, and the container as `docker inspect` shows it. */
async function run(
  command: string,
  { image = 'busybox', ...more }: { image?: string; [name: string]: unknown } = {},
) {
  const { json } = await lab.docker('POST', '/containers/create', {
    Image: image,
    Cmd: ['sh', '-c', command],
    Tty: true,
    ...more,
  })
  await lab.docker('POST', `/containers/${json.Id}/start`)
  const { json: inspected } = await lab.docker('GET', `/containers/${json.Id}/json`)
  await lab.docker('POST', `/containers/${json.Id}/wait`)
  const { text } = await lab.docker('GET', `/containers/${json.Id}/logs?stdout=1&stderr=1`)
  await lab.docker('DELETE', `/containers/${json.Id}?force=1`)
  return { output: text.replaceAll('\r', ''), inspected }
}

const LO = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
    inet6 ::1/128 scope host 
       valid_lft forever preferred_lft forever
`

describe('the network', () => {
  it('is shown by ip as the endpoint is', async () => {
    const { output, inspected } = await run('ip a; ip -4 addr show dev eth0; ip route; ip -o -4 a; sleep 0.1')
    const { IPAddress, MacAddress, IPPrefixLen, Gateway } = inspected.NetworkSettings.Networks.bridge
    expect([IPAddress, IPPrefixLen, Gateway]).toEqual(['172.17.0.2', 16, '172.17.0.1'])
    const head =
      /^2: eth0@if\d+: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue state UP $/m.exec(
        output,
      )![0]
    const inet = `    inet 172.17.0.2/16 brd 172.17.255.255 scope global eth0
       valid_lft forever preferred_lft forever
`
    expect(output).toBe(`${LO}${head}
    link/ether ${MacAddress} brd ff:ff:ff:ff:ff:ff
${inet}${head}
${inet}default via 172.17.0.1 dev eth0 
172.17.0.0/16 dev eth0 scope link  src 172.17.0.2 
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet 172.17.0.2/16 brd 172.17.255.255 scope global eth0\\       valid_lft forever preferred_lft forever
`)
  })

  it('is shown by ifconfig and route', async () => {
    const { output } = await run('ifconfig; route -n; route; ifconfig eth7; hostname -i', {
      image: 'alpine',
      NetworkingConfig: { EndpointsConfig: { bridge: { MacAddress: '02:42:ac:11:00:aa' } } },
    })
    expect(output).toBe(`eth0      Link encap:Ethernet  HWaddr 02:42:AC:11:00:AA  
          inet addr:172.17.0.2  Bcast:172.17.255.255  Mask:255.255.0.0
          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1
          RX packets:0 errors:0 dropped:0 overruns:0 frame:0
          TX packets:0 errors:0 dropped:0 overruns:0 carrier:0
          collisions:0 txqueuelen:0 
          RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)

lo        Link encap:Local Loopback  
          inet addr:127.0.0.1  Mask:255.0.0.0
          inet6 addr: ::1/128 Scope:Host
          UP LOOPBACK RUNNING  MTU:65536  Metric:1
          RX packets:0 errors:0 dropped:0 overruns:0 frame:0
          TX packets:0 errors:0 dropped:0 overruns:0 carrier:0
          collisions:0 txqueuelen:1000 
          RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)

Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         172.17.0.1      0.0.0.0         UG    0      0        0 eth0
172.17.0.0      0.0.0.0         255.255.0.0     U     0      0        0 eth0
Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
default         172.17.0.1      0.0.0.0         UG    0      0        0 eth0
172.17.0.0      *               255.255.0.0     U     0      0        0 eth0
ifconfig: eth7: error fetching interface information: Device not found
172.17.0.2
`)
  })

  it('has an interface for each network, with its MTU, and none with --network none', async () => {
    await lab.docker('POST', '/networks/create', {
      Name: 'inner',
      Internal: true,
      IPAM: { Config: [{ Subnet: '10.9.8.0/24' }] },
      Options: { 'com.docker.network.driver.mtu': '1400' },
    })
    const both = await run('ip -4 a show eth1; ip r; ip r show dev eth1; ip r list default', {
      HostConfig: { NetworkMode: 'bridge' },
      NetworkingConfig: { EndpointsConfig: { bridge: {}, inner: {} } },
    })
    expect(both.output).toMatch(
      /^3: eth1@if\d+: .* mtu 1400 .*\n {4}inet 10\.9\.8\.2\/24 brd 10\.9\.8\.255 scope global eth1\n/,
    )
    expect(both.output).toContain(
      'default via 172.17.0.1 dev eth0 \n172.17.0.0/16 dev eth0 scope link  src 172.17.0.2 \n10.9.8.0/24 dev eth1 scope link  src 10.9.8.2 \n10.9.8.0/24 scope link  src 10.9.8.2 \ndefault via 172.17.0.1 dev eth0 \n',
    )
    const none = await run('ip a; ip route; ip link show eth0', { HostConfig: { NetworkMode: 'none' } })
    expect(none.output).toBe(`${LO}ip: can't find device 'eth0'\n`)
    const host = await run('ip a', { HostConfig: { NetworkMode: 'host' } })
    expect(host.output).toContain("interfaces of this container's network are not simulated")
  })

  it('cannot be changed by a container, and what is no command is refused', async () => {
    const { output } = await run('ip link set eth0 down; echo $?; ip neigh; ip frob >/dev/null 2>&1; echo $?')
    expect(output).toBe(
      'ip: RTNETLINK answers: Operation not permitted\n2\ndrydock: ip neighbour is not simulated\n1\n',
    )
  })

  it('is shown by iproute2 in its own words', async () => {
    const { output } = await run(
      'apt-get update >/dev/null; apt-get install -y iproute2 >/dev/null; ip addr show eth0; ip r; ip -br -4 a; ip link show lo',
      { image: 'debian' },
    )
    expect(output).toMatch(
      /^2: eth0@if\d+: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default \n {4}link\/ether \S+ brd ff:ff:ff:ff:ff:ff link-netnsid 0\n {4}inet 172\.17\.0\.2\/16/,
    )
    expect(output).toContain(
      'default via 172.17.0.1 dev eth0 \n172.17.0.0/16 dev eth0 proto kernel scope link src 172.17.0.2 \n',
    )
    expect(output).toMatch(/^lo {15}UNKNOWN {8}127\.0\.0\.1\/8 $/m)
    expect(output).toMatch(/^eth0@if\d+ +UP {13}172\.17\.0\.2\/16 $/m)
    expect(output).toContain('state UNKNOWN mode DEFAULT group default qlen 1000\n    link/loopback')
  })
})

describe('the mounts', () => {
  it('are runc’s and the container’s own, with the layers that inspect names', async () => {
    const { output, inspected } = await run('mount; head -n 1 /proc/mounts; mount /dev/vda1 /mnt', {
      HostConfig: { Binds: ['data:/data:ro'], Tmpfs: { '/scratch': '' } },
    })
    const lines = output.split('\n')
    const { UpperDir, WorkDir, LowerDir } = inspected.GraphDriver.Data
    expect(LowerDir).toMatch(
      /^\/var\/lib\/docker\/overlay2\/[0-9a-f]{64}-init\/diff:\/var\/lib\/docker\/overlay2\/[0-9a-f]{64}\/diff$/,
    )
    const [, options] = /^overlay on \/ type overlay \(rw,relatime,(\S+)\)$/.exec(lines[0]!)!
    expect(options).toMatch(/^lowerdir=\/var\/lib\/docker\/overlay2\/l\/[A-Z2-7]{26}:/)
    expect(options).toContain(`,upperdir=${UpperDir},workdir=${WorkDir}`)
    expect(output).toContain(`\noverlay / overlay rw,relatime,${options} 0 0\n`)
    for (const line of [
      'proc on /proc type proc (rw,nosuid,nodev,noexec,relatime)',
      'sysfs on /sys type sysfs (ro,nosuid,nodev,noexec,relatime)',
      '/dev/vda1 on /data type ext4 (ro,relatime)',
      'tmpfs on /scratch type tmpfs (rw,nosuid,nodev,noexec,relatime)',
      '/dev/vda1 on /etc/hosts type ext4 (rw,relatime)',
      'devpts on /dev/console type devpts (rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666)',
      'proc on /proc/sys type proc (ro,nosuid,nodev,noexec,relatime)',
      'mount: permission denied (are you root?)',
    ])
      expect(lines).toContain(line)
  })

  it('hide nothing of a privileged container, and a read-only root says so', async () => {
    const { output } = await run('mount', { HostConfig: { Privileged: true, ReadonlyRootfs: true } })
    expect(output).toMatch(/^overlay on \/ type overlay \(ro,relatime/)
    expect(output).toContain('sysfs on /sys type sysfs (rw,')
    expect(output).not.toContain('/proc/sys ')
  })
})

describe('ulimit', () => {
  it('tells Docker’s default, what --ulimit gives, and lets a shell lower it', async () => {
    const { output } = await run('ulimit -n; ulimit -n 512; (ulimit -n); ulimit -n 1024; ulimit')
    expect(output).toBe('1048576\n512\nsh: error setting limit: Operation not permitted\nunlimited\n')
    const given = await run('ulimit -n; ulimit -Hn', {
      HostConfig: { Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 2048 }] },
    })
    expect(given.output).toBe('1024\n2048\n')
  })

  it('lists all in each shell’s form', async () => {
    const ash = (await run('ulimit -a')).output.split('\n')
    expect(ash).toHaveLength(16)
    expect(ash[0]).toBe('core file size (blocks)         (-c) unlimited')
    expect(ash[7]).toBe('open files                      (-n) 1048576')
    const bash = (await run('bash -c "ulimit -a"; ulimit -a', { image: 'debian' })).output
    expect(bash).toContain('\nopen files                          (-n) 1048576\n')
    expect(bash).toContain('\nstack size                  (kbytes, -s) 8192\n')
    expect(bash).toContain('\nnofiles              1048576\n')
  })
})

it('the engine has a UUID of its own', async () => {
  expect((await lab.docker('GET', '/info')).json.ID).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
})
