import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DockerEngineShell, hasDocker } from '../support/docker-engine.ts'

/** What must be the same with both clients: what it prints on either stream, and how it ends. */
const COMMANDS = [
  'docker pull --quiet busybox',
  'docker pull --quiet nginx:1.29; docker tag nginx:1.29 page:v1',
  'docker search nginx',
  'docker search --filter is-official=true --limit 3 --no-trunc python',
  `docker search --filter stars=10000 --format '{{.Name}} {{.StarCount}} {{.IsOfficial}}' a`,
  'docker search --filter nonsense=1 x',
  'docker search --limit 101 x',
  'docker pull --quiet --platform linux/arm64 alpine',
  `docker image inspect alpine --format '{{.Os}}/{{.Architecture}}/{{.Variant}}'`,
  'docker run --rm alpine uname -m',
  'docker run --rm --platform linux/amd64 alpine arch',
  'docker pull --platform linux/s390x alpine',
  'docker network create --label a=b app | wc -c',
  'docker network create app',
  'docker network ls --format "{{.Name}} {{.Driver}}"',
  'docker network ls | cut -c 16-50',
  `docker network inspect app --format '{{.Driver}} {{json .IPAM.Config}}'`,
  'docker run --detach --name srv --network app --network-alias www page:v1 | wc -c',
  'docker exec srv sh -c "until curl -s localhost >/dev/null; do :; done"',
  'docker run --rm --network app busybox wget -q -O - www',
  'docker network rm app 2>&1 | sed "s/id:.*//"',
  'docker network connect app srv',
  'docker network disconnect app srv',
  'docker network rm nope',
  'docker port srv',
  'docker volume create data',
  'docker volume ls',
  'docker volume ls --quiet',
  'docker run --rm --volume data:/d busybox sh -c "echo kept > /d/f"',
  'docker run --rm --mount type=volume,source=data,target=/d,readonly busybox cat /d/f',
  'docker run --rm --tmpfs /t busybox ls /t',
  `docker volume inspect data --format '{{.Mountpoint}}'`,
  'docker volume rm data',
  'docker volume rm data',
  'docker create --name box --memory 64m --cpus 0.5 --label k=v busybox sleep 100 | wc -c',
  'docker start box',
  `docker inspect box --format '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.Config.Labels.k}}'`,
  'docker exec --user nobody --env A=b box sh -c "whoami; echo $A"',
  'docker pause box',
  'docker unpause box',
  'docker rename box crate',
  'docker rename nobody x',
  'docker update --memory 32m crate',
  'echo text > file; docker cp file crate:/tmp/',
  'docker exec crate cat /tmp/file',
  'docker cp crate:/tmp/file back && cat back',
  'mkdir -p tree/sub; echo x > tree/sub/x; docker cp tree crate:/opt',
  'docker cp crate:/opt copied && find copied -type f',
  'docker cp crate:/nope .',
  'docker diff crate',
  'docker top crate -o pid,cmd | sed "s/[0-9]\\{2,\\}/N/" | tr -s " "',
  `docker stats --no-stream --format '{{.Name}} {{.PIDs}}' crate`,
  'docker commit --message why --change "CMD [\\"cat\\",\\"/tmp/file\\"]" crate snap | cut -c 1-7',
  'docker run --rm snap',
  'docker export crate | tar t | grep -c tmp/file',
  'docker kill crate',
  'docker wait crate',
  'docker save snap --output snap.tar; docker rmi snap | head -1; docker load --input snap.tar',
  'docker export crate | docker import --message m - flat | cut -c 1-7',
  `docker events --since 1h --until 0s --filter event=pause --format '{{.Action}}'`,
  `docker ps --all --filter exited=137 --format '{{.Names}}'`,
  'docker rm --force crate srv',
  'docker container prune --force | tail -1',
  'docker network prune --force',
  'docker volume prune --force | tail -1',
  `docker system df --format '{{.Type}} {{.TotalCount}}'`,
  'docker run --rm --restart always busybox true 2>&1 | head -1',
]

describe.skipIf(!hasDocker())(
  'our docker command beside the real one: networks, volumes, files, life',
  () => {
    let ours: DockerEngineShell
    let theirs: DockerEngineShell
    beforeAll(async () => {
      // Two engines that give the same ids: what differs is the client alone.
      ;[ours, theirs] = await Promise.all([DockerEngineShell.open('ours'), DockerEngineShell.open('real')])
    })
    afterAll(() => Promise.all([ours?.close(), theirs?.close()]))

    it('prints what the real one prints', async () => {
      expect((await ours.run('docker --version')).stdout).toContain('build drydock')
      expect((await theirs.run('docker --version')).stdout).not.toContain('drydock')
      for (const command of COMMANDS) {
        const [mine, real] = await Promise.all([ours.run(command), theirs.run(command)])
        expect.soft({ command, ...mine }).toEqual({ command, ...real })
      }
    }, 120_000)
  },
)
