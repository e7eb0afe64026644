import { afterAll, beforeAll, describe, it } from 'vitest'
import { DockerEngineShell, hasDocker, type Step } from '../support/docker-engine.ts'

// What the real docker client prints on the simulated engine. Texts are those of moby 28 and docker/cli 28.
const ID = '[0-9a-f]{64}'
const fromDaemon = (text: string) => `Error response from daemon: ${text}`

describe.skipIf(!hasDocker())('containers by the real docker client', () => {
  let shell: DockerEngineShell
  beforeAll(async () => {
    shell = await DockerEngineShell.open()
    for (const image of ['busybox', 'nginx']) await shell.run(`docker pull -q ${image}`)
  })
  afterAll(() => shell?.close())

  it('run: output, exit codes, environment, user, folder, host name', () =>
    shell.session([
      ['docker run --rm busybox echo hi', 'hi'],
      ['docker run --rm busybox sh -c "exit 42"', [42, '']],
      ['docker run --rm busybox nosuch', [127, /exec: "nosuch": executable file not found in \$PATH/]],
      ['docker run --rm busybox /etc', [126, /is a directory|permission denied/]],
      ['docker run --rm -e A=1 -e B busybox env | grep -c "^A=1$"', '1'],
      [
        'printf "C=3\\n# no\\nD=4\\n" > vars; docker run --rm --env-file vars busybox sh -c "echo \\$C\\$D"',
        '34',
      ],
      ['docker run --rm -w /opt/x busybox pwd', '/opt/x'],
      ['docker run --rm -u 33 busybox whoami', 'www-data'],
      ['docker run --rm -u nobody busybox id -u', '65534'],
      [
        'docker run --rm -u ghost busybox true',
        [125, /unable to find user ghost: no matching entries in passwd file/],
      ],
      ['docker run --rm --hostname box busybox hostname', 'box'],
      ['docker run --rm --entrypoint cat busybox /etc/hostname', /^[0-9a-f]{12}$/],
      ['echo text | docker run --rm -i busybox tr a-z A-Z', 'TEXT'],
      ['docker run --rm --add-host db:10.1.2.3 busybox grep db /etc/hosts', '10.1.2.3\tdb'],
      ['docker run --rm --pull never nosuch', [125, /No such image: nosuch:latest/]],
      [
        'docker run --restart always --rm busybox true',
        [125, /Conflicting options: --restart and --rm|cannot specify both --restart and --rm/i],
      ],
      ['docker run --restart sometimes busybox true', [125, /unknown policy 'sometimes'/]],
      ['docker run --rm -m 4m busybox true', [125, /Minimum memory limit allowed is 6MB/]],
      [
        'docker run --rm --cpus 64 busybox true',
        [125, /range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available/],
      ],
      [
        'docker run --rm --log-driver smoke busybox true',
        [125, /logger: no log driver named 'smoke' is registered/],
      ],
      [
        'docker run --rm -v /home:/x busybox true',
        [125, /The path \/home is not shared from the host and is not known to Docker/],
      ],
      ['docker run --rm --link web busybox true', [125, /drydock: --link is not simulated/]],
    ]))

  it('settings that the engine refuses, before it makes a container', () =>
    shell.session(
      (
        [
          ['--cap-add NOPE', 'invalid CapAdd: unknown capability: "CAP_NOPE"'],
          ['--runtime runsc', 'unknown or invalid runtime name: runsc'],
          ['--isolation hyperv', "invalid isolation 'hyperv' on linux"],
          ['--stop-signal SIGWHAT', 'invalid signal: SIGWHAT'],
          ['-w here', "the working directory 'here' is invalid, it needs to be an absolute path"],
          ['--log-opt nope=1', "unknown log opt 'nope' for json-file log driver"],
          [
            '--storage-opt size=10G',
            "--storage-opt is supported only for overlay over xfs with 'pquota' mount option",
          ],
          [
            '--cgroup-parent x',
            'cgroup-parent for systemd cgroup should be a valid slice named as "xxx.slice"',
          ],
          ['--cpuset-cpus 0-5', 'Requested CPUs are not available - requested 0-5, available: 0-1'],
          ['--cpus 1 --cpu-period 1000', 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
          ['--blkio-weight 5', 'Range of blkio weight is from 10 to 1000'],
          [
            '--memory-swap 9m',
            'You should always set the Memory limit when using Memoryswap limit, see usage',
          ],
          [
            '-m 10m --memory-reservation 20m',
            'Minimum memory limit can not be less than memory reservation limit, see usage',
          ],
          ['--volumes-from nosuch', 'No such container: nosuch'],
        ] as const
      ).map(([options, text]) => [`docker create ${options} busybox 2>&1 | head -1`, fromDaemon(text)]),
    ))

  it('what a container wants of its machine, and of other containers', () =>
    shell.session([
      ['docker run -d --name donor --ipc shareable busybox sleep 1000', /^[0-9a-f]{64}$/],
      ['docker run --rm --pid container:donor busybox ps | grep -c "sleep 1000"', '1'],
      ['docker run --rm --ipc container:donor busybox true'],
      ['docker run --rm --network container:donor busybox hostname', /^[0-9a-f]{12}$/],
      [
        'docker run --rm --pid container:nosuch busybox true',
        [125, /failed to join PID namespace: No such container: nosuch/],
      ],
      // Not taken for a missing image, which the client would pull.
      [
        'docker run --rm --network container:nosuch busybox true',
        [125, /^docker: .*No such container: nosuch/],
      ],
      ['docker create --name own busybox sleep 1000', /^[0-9a-f]{64}$/],
      [
        'docker run --rm --ipc container:own busybox true',
        [125, /failed to join IPC namespace: container [0-9a-f]{64} is not running/],
      ],
      [
        'docker run --rm --gpus all busybox true',
        [125, /could not select device driver "" with capabilities: \[\[gpu\]\]/],
      ],
      [
        'docker run --rm --device /dev/sda busybox true',
        [
          127,
          /error gathering device information while adding custom device "\/dev\/sda": no such file or directory/,
        ],
      ],
      ['docker run --rm --group-add 7 --group-add nogroup busybox id -G', '0 7 65534'],
      [
        'docker run --rm --group-add ghost busybox id',
        [125, /unable to find group ghost: no matching entries/],
      ],
      [
        'docker create --name discarded --memory-swappiness 10 --mac-address 02:42:ac:11:00:99 --tmpfs /run busybox',
        /^[0-9a-f]{64}\nWARNING: Your kernel does not support memory swappiness capabilities .* Memory swappiness discarded\.$/,
      ],
      [
        "docker inspect discarded --format '{{.NetworkSettings.Networks.bridge.MacAddress}} {{.HostConfig.Tmpfs}} {{.Mounts}} {{index .HostConfig.MaskedPaths 0}}'",
        '02:42:ac:11:00:99 map[/run:] [] /proc/asound',
      ],
      ['docker rm -f donor own discarded', 'donor\nown\ndiscarded'],
    ]))

  it('the life of a container', () =>
    shell.session([
      ['docker create --name one -l tier=front busybox sleep 1000', new RegExp(`^${ID}$`)],
      ['docker ps -q'],
      ['docker ps -a --format "{{.Names}} {{.Status}}"', 'one Created'],
      ['docker start one', 'one'],
      ['docker start one', 'one'],
      [
        'docker ps --format "{{.Names}}|{{.Image}}|{{.Command}}|{{.Labels}}"',
        'one|busybox|"sleep 1000"|tier=front',
      ],
      [
        'docker create --name one busybox',
        [1, new RegExp(`Conflict. The container name "/one" is already in use by container "${ID}"`)],
      ],
      ['docker rename one uno'],
      ['docker rename uno uno', [1, /Renaming a container with the same name as its current name/]],
      [
        'docker inspect uno -f "{{.Name}} {{.State.Running}} {{.HostConfig.NetworkMode}}"',
        '/uno true bridge',
      ],
      ['docker exec uno echo in', 'in'],
      ['docker exec -e X=y -w /tmp -u nobody uno sh -c "echo \\$X; pwd; whoami"', 'y\n/tmp\nnobody'],
      ['docker exec -d uno touch /done; docker exec uno ls /done', '/done'],
      ['docker exec uno sh -c "exit 9"', [9, '']],
      ['docker exec uno nosuch', [127, /exec: "nosuch": executable file not found/]],
      ['docker top uno', /UID +PID +PPID +C +STIME +TTY +TIME +CMD\nroot +\d+ .* sleep 1000$/],
      ['docker top uno -o pid,cmd', /PID +CMD\n\d+ +sleep 1000$/],
      ['docker pause uno', 'uno'],
      ['docker pause uno', [1, /is already paused/]],
      ['docker ps --filter status=paused --format "{{.Status}}"', /\(Paused\)$/],
      ['docker exec uno true', [1, /is paused, unpause the container before exec/]],
      [
        'docker rm uno',
        [1, fromDaemon('cannot remove container "/uno": container is paused and must be unpaused first')],
      ],
      ['docker unpause uno', 'uno'],
      ['docker unpause uno', [1, /Container .* is not paused/]],
      ['docker update -m 64m --memory-swap 128m uno', 'uno'],
      ['docker inspect uno -f "{{.HostConfig.Memory}}"', '67108864'],
      ['docker update -m 256m uno', [1, /Memory limit should be smaller than already set memoryswap limit/]],
      ['docker update --restart on-failure:3 uno', 'uno'],
      [
        'docker inspect uno -f "{{json .HostConfig.RestartPolicy}}"',
        '{"Name":"on-failure","MaximumRetryCount":3}',
      ],
      [
        'docker rm uno',
        [
          1,
          fromDaemon(
            'cannot remove container "/uno": container is running: stop the container before removing or force remove',
          ),
        ],
      ],
      ['docker kill -s NOPE uno', [1, /invalid signal: NOPE/i]],
      ['docker kill uno', 'uno'],
      ['docker kill uno', [1, /cannot kill container: uno: container .* is not running/]],
      ['docker wait uno', '137'],
      ['docker ps -a --filter exited=137 --format "{{.Names}}"', 'uno'],
      ['docker exec uno true', [1, /container .* is not running/]],
      ['docker restart -t 0 uno', 'uno'],
      ['docker inspect uno -f "{{.State.FinishedAt}}"', /^20\d\d-/],
      ['docker rm -f uno', 'uno'],
      ['docker rm -f uno', /No such container: uno/],
      ['docker stop nobody', [1, fromDaemon('No such container: nobody')]],
      ['docker inspect nobody', [1, /No such object: nobody/]],
    ]))

  it('ports, logs and statistics', () =>
    shell.session([
      ['docker run -d --name web -p 8080:80 -p 127.0.0.1:8443:443 nginx', new RegExp(`^${ID}$`)],
      ['docker port web', '80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080\n443/tcp -> 127.0.0.1:8443'],
      ['docker port web 80', '0.0.0.0:8080\n[::]:8080'],
      [
        'docker port web 81',
        [1, /No public port '81\/tcp' published for web|no public port '81' published for web/i],
      ],
      [
        'docker run --rm -p 8080:80 nginx true',
        [125, /Bind for 0\.0\.0\.0:8080 failed: port is already allocated/],
      ],
      ['docker run --rm --name never -P nginx nginx -v', /nginx version: nginx\//],
      ['docker run --rm busybox wget -qO- http://172.17.0.1:8080 | grep -c "Welcome to nginx"', /^[1-9]/],
      ['docker logs web 2>/dev/null | grep -c "GET / "', '1'],
      ['docker logs --tail 1 web 2>&1 | wc -l', '1'],
      ['docker logs -t --tail 1 web 2>&1', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /],
      ['docker logs --since 2h --until 1h web 2>&1', ''],
      ['docker logs nobody', [1, fromDaemon('No such container: nobody')]],
      ['docker run --name mute --log-driver none busybox echo x', 'x'],
      ['docker logs mute', [1, fromDaemon('configured logging driver does not support reading')]],
      [
        'docker stats --no-stream --format "{{.Name}} {{.MemUsage}} {{.PIDs}}" web',
        /^web [\d.]+MiB \/ 4GiB 3$/,
      ],
      ['docker stop web', 'web'],
      ['docker ps -a --filter name=^/?web$ --format "{{.Status}}"', /^Exited \(0\)/],
    ]))

  it('what processes, file systems and a container use', () =>
    shell.session([
      ['docker pull -q polinux/stress', 'docker.io/polinux/stress:latest'],
      ['docker run -d --name busy polinux/stress stress --cpu 1', new RegExp(`^${ID}$`)],
      ['docker run -d --name idle busybox sleep 1000', new RegExp(`^${ID}$`)],
      ['until docker top busy -o pid,time | grep -q "00:00:0[2-9]"; do sleep 0.1; done', ''],
      ['docker top busy -o pid,pcpu,cmd | grep -c "[1-9][0-9][0-9]*\\.[0-9] *stress"', '1'],
      ['docker top idle -o pid,pcpu,time | tail -1', /^\d+ +\d\.\d +00:00:00$/],
      ['docker exec busy ps | grep -c "0:0[2-9] stress"', '1'],
      [
        'docker stats --no-stream --format "{{.CPUPerc}}" busy idle',
        /^[5-9]\d\.\d\d%\n0\.\d\d%$|^1\d\d\.\d\d%\n0\.\d\d%$/,
      ],
      ['docker rm -f busy', 'busy'],
      [
        'docker exec idle df',
        /^Filesystem {11}1K-blocks {6}Used Available Use% Mounted on\noverlay {15}20959212 {3}\d{7} {2}\d{8} {2}20% \/\ntmpfs {20}65536 {9}0 {5}65536 {3}0% \/dev\nshm {22}65536 {9}0 {5}65536 {3}0% \/dev\/shm\n/,
      ],
      [
        'docker exec idle sh -c "head -c 8M /dev/zero > /dev/shm/x; df /dev/shm | tail -1"',
        /^shm +65536 +8192 +57344 +13% \/dev\/shm$/,
      ],
      ['docker exec idle df /nowhere', [1, "df: /nowhere: can't find mount point"]],
      [
        'docker run --rm --tmpfs /cache nginx df -h',
        /^Filesystem {6}Size {2}Used Avail Use% Mounted on\noverlay {10}20G {2}4\.0G {3}16G {2}21% \/\ntmpfs {12}64M {5}0 {3}64M {3}0% \/dev\nshm {14}64M {5}0 {3}64M {3}0% \/dev\/shm\n/,
      ],
      ['docker rm -f idle', 'idle'],
    ]))

  it('cp, diff, commit, export and import', () =>
    shell.session([
      ['docker run -d --name files busybox sh -c "echo made > /made; sleep 1000"'],
      ['mkdir -p dir/sub; echo a > dir/a; echo b > dir/sub/b; docker cp dir files:/tmp/', ''],
      ['docker exec files find /tmp -type f', '/tmp/dir/a\n/tmp/dir/sub/b'],
      ['docker cp dir/. files:/srv 2>&1; docker exec files ls /srv', /no such directory|a/i],
      ['docker cp files:/made - | tar t', 'made'],
      ['docker cp files:/tmp/dir back && cat back/sub/b', 'b'],
      ['docker cp files:/nope .', [1, fromDaemon('Could not find the file /nope in container files')]],
      ['docker cp nofile files:/x', [1, /no such file or directory/]],
      ['tar c dir | docker cp - files:/opt 2>&1', [1, 'destination "files:/opt" must be a directory']],
      ['docker diff files', /^A \/made\nA \/srv\n[\s\S]*\nC \/tmp\nA \/tmp\/dir\n/],
      ['docker stop -t 0 files', 'files'],
      ['docker cp files:/made - | tar xO', 'made'],
      ['echo later > later; docker cp later files:/later; docker cp files:/later - | tar xO', 'later'],
      [
        'docker commit -m "why" -a me -c "CMD [\\"cat\\",\\"/made\\"]" -c "ENV K=v" files snap:1',
        /^sha256:[0-9a-f]{64}$/,
      ],
      ['docker run --rm snap:1', 'made'],
      ['docker run --rm snap:1 sh -c "echo \\$K; cat /later"', 'v\nlater'],
      ['docker inspect snap:1 -f "{{.Author}} {{.Comment}}"', 'me why'],
      ['docker commit -c "RUN x" files', [1, /run is not a valid change command/]],
      ['docker export files | tar t | grep -c "^made$"', '1'],
      // The places of what is mounted, empty, in a container that runs as in one that never did.
      ['docker start files >/dev/null; docker create --name never busybox >/dev/null', ''],
      ...['files', 'never'].map(
        (name): Step => [
          `docker export ${name} | tar tv | sed -E 's/ +[0-9-]+ [0-9:]+ / /; s/ 0\\/0 +/ /' | grep -E ' (.dockerenv|dev|proc|sys|etc/(host|resolv|mtab))'`,
          `-rwxr-xr-x 0 .dockerenv
drwxr-xr-x 0 dev/
-rwxr-xr-x 0 dev/console
drwxr-xr-x 0 dev/pts/
drwxr-xr-x 0 dev/shm/
-rwxr-xr-x 0 etc/hostname
-rwxr-xr-x 0 etc/hosts
lrwxrwxrwx 0 etc/mtab -> /proc/mounts
-rwxr-xr-x 0 etc/resolv.conf
dr-xr-xr-x 0 proc/
dr-xr-xr-x 0 sys/`,
        ],
      ),
      [
        'docker exec files sh -c "ls -A / | head -1; cat /etc/mtab | head -1"',
        /^\.dockerenv\noverlay \/ overlay/,
      ],
      ['docker exec files rm /made; docker export files | tar t | grep -c "^made$"', [1, '0']],
      [
        'docker exec files sh -c "echo made > /made"; docker stop -t 0 files; docker rm never',
        'files\nnever',
      ],
      ['docker export files | docker import -m note -c "CMD cat /made" - flat:1', /^sha256:[0-9a-f]{64}$/],
      ['docker run --rm flat:1', 'made'],
      ['docker history flat:1 --format "{{.Comment}}"', 'note'],
      ['docker rm files mute web', 'files\nmute\nweb'],
    ]))

  it('restart policies, health checks, out of memory', () =>
    shell.session([
      ['docker run -d --name crashing --restart on-failure:2 busybox sh -c "exit 3"', new RegExp(`^${ID}$`)],
      ['timeout 10 docker wait crashing', '3'],
      ['docker inspect crashing -f "{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}}"', '2 exited 3'],
      [
        'docker run -d --name well --health-cmd "test -f /ok" --health-interval 200ms --health-retries 2 busybox sleep 100',
      ],
      ['docker ps --filter name=well --format "{{.Status}}"', /\(health: starting\)|\(unhealthy\)/],
      [
        'read -r line < <(docker events --since 1m --filter event=health_status --filter container=well --format "{{.Action}}" 2>/dev/null); echo "$line"',
        'health_status: unhealthy',
      ],
      ['docker ps --filter health=unhealthy --format "{{.Names}}"', 'well'],
      [
        'docker exec well touch /ok; read -r line < <(docker events --since 1m --filter "event=health_status: healthy" --filter container=well --format "{{.Action}}" 2>/dev/null); echo "$line"',
        'health_status: healthy',
      ],
      ['docker inspect well -f "{{.State.Health.Status}} {{.State.Health.FailingStreak}}"', 'healthy 0'],
      [
        'docker run --name greedy -m 50m polinux/stress stress --vm 1 --vm-bytes 100M 2>/dev/null',
        [137, /dispatching hogs/],
      ],
      ['docker inspect greedy -f "{{.State.OOMKilled}} {{.State.ExitCode}}"', 'true 137'],
      ['docker rm -f well crashing greedy', 'well\ncrashing\ngreedy'],
    ]))

  it('filters of ps, and prune', () =>
    shell.session([
      [
        'for n in aa bb cc; do docker run -d --name $n -l n=$n --network bridge busybox sleep 100; done | wc -l',
        '3',
      ],
      ['docker ps --filter label=n --format "{{.Names}}"', 'cc\nbb\naa'],
      ['docker ps --filter label=n=bb -q | wc -l', '1'],
      ['docker ps --filter name=a -q | wc -l', '1'],
      ['docker ps --filter ancestor=busybox -q | wc -l', '3'],
      ['docker ps --filter since=aa --format "{{.Names}}"', 'cc\nbb'],
      ['docker ps --filter before=bb --format "{{.Names}}"', 'aa'],
      ['docker ps --filter network=bridge -q | wc -l', '3'],
      ['docker ps -n 1 --format "{{.Names}}"', 'cc'],
      ['docker ps -l --format "{{.Names}}"', 'cc'],
      ['docker ps --filter colour=red', [1, fromDaemon("invalid filter 'colour'")]],
      ['docker ps --filter status=asleep', [1, /invalid/]],
      ['docker ps -s --format "{{.Size}}" --filter name=aa', /^0B \(virtual 4\.\d+MB\)$/],
      ['docker kill aa bb cc', 'aa\nbb\ncc'],
      [
        'docker container prune -f --filter label=n=aa',
        /^Deleted Containers:\n[0-9a-f]{64}\n\nTotal reclaimed space: 0B$/,
      ],
      ['docker container prune -f | tail -1', 'Total reclaimed space: 0B'],
      ['docker ps -aq', ''],
    ]))
})
