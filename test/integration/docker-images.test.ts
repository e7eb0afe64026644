import { afterAll, beforeAll, describe, it } from 'vitest'
import { DockerEngineShell, hasDocker, hasTool } from '../support/docker-engine.ts'

// Images, the classic builder, networks, volumes and the engine itself by the real docker client.
const SHA = 'sha256:[0-9a-f]{64}'
const fromDaemon = (text: string) => `Error response from daemon: ${text}`

/** A build of a Dockerfile given as lines; a context with a, b and sub/c. */
const build = (lines: string[], options = '') =>
  `printf '%s\\n' ${lines.map((line) => `'${line.replaceAll("'", "'\\''")}'`).join(' ')} > ctx/Dockerfile; docker build ${options} ctx 2>/dev/null`
const failed = (lines: string[], options = '') =>
  build(lines, options).replace('2>/dev/null', '2>&1 >/dev/null | tail -n +5')

describe.skipIf(!hasDocker())('by the real docker client', () => {
  let shell: DockerEngineShell
  beforeAll(async () => {
    shell = await DockerEngineShell.open()
    for (const image of ['busybox', 'nginx:1.29']) await shell.run(`docker pull -q ${image}`)
    await shell.run('mkdir -p ctx/sub; echo a > ctx/a; echo b > ctx/b; echo c > ctx/sub/c')
  })
  afterAll(() => shell?.close())

  it('pulls, tags, lists, inspects and removes images', () =>
    shell.session([
      [
        'docker pull alpine',
        /^Using default tag: latest\nlatest: Pulling from library\/alpine\n[\s\S]*Status: Downloaded newer image for alpine:latest\ndocker.io\/library\/alpine:latest$/,
      ],
      ['docker pull alpine | tail -2 | head -1', 'Status: Image is up to date for alpine:latest'],
      ['docker pull -q alpine:3.21', 'docker.io/library/alpine:3.21'],
      [
        'docker pull -q --platform linux/arm64 alpine:3.21; docker inspect alpine:3.21 -f "{{.Architecture}}"',
        'docker.io/library/alpine:3.21\narm64',
      ],
      [
        'docker pull --platform linux/s390x alpine',
        [1, /no matching manifest for linux\/s390x in the manifest list entries$/],
      ],
      ['docker pull -a -q hello-world', 'docker.io/library/hello-world'],
      ['docker images hello-world --format "{{.Tag}}" | sort', 'latest\nlinux'],
      [
        'docker pull nosuch/image',
        [1, /pull access denied for nosuch\/image, repository does not exist or may require 'docker login'/],
      ],
      [
        'docker pull alpine:9',
        [1, fromDaemon('manifest for alpine:9 not found: manifest unknown: manifest unknown')],
      ],
      ['docker pull UPPER', [1, /repository name .* must be lowercase/]],
      ['docker tag alpine acme/alpine:v1'],
      ['docker tag nosuch x', [1, fromDaemon('No such image: nosuch:latest')]],
      ['docker images --filter "reference=acme/*" --format "{{.Repository}}:{{.Tag}}"', 'acme/alpine:v1'],
      ['docker images --filter before=busybox -q | wc -l', /^\d+$/],
      ['docker images --filter colour=red', [1, fromDaemon("invalid filter 'colour'")]],
      ['docker images --digests alpine --format "{{.Digest}}"', new RegExp(`^${SHA}\n${SHA}$`)],
      ['docker images --no-trunc -q busybox', new RegExp(`^${SHA}$`)],
      ['docker image ls --format json busybox | grep -o \'"Tag":"latest"\'', '"Tag":"latest"'],
      [
        'docker inspect alpine -f "{{json .RepoTags}} {{.Os}}/{{.Architecture}}"',
        '["acme/alpine:v1","alpine:latest"] linux/amd64',
      ],
      ['docker history nginx:1.29 --format "{{.CreatedBy}}" | head -1', 'CMD ["nginx" "-g" "daemon off;"]'],
      ['docker rmi acme/alpine:v1', 'Untagged: acme/alpine:v1'],
      [
        'docker rmi alpine',
        new RegExp(`^Untagged: alpine:latest\\nUntagged: alpine@${SHA}\\nDeleted: ${SHA}\\nDeleted: ${SHA}$`),
      ],
      // What it stands on is another image's too.
      [
        'printf "FROM busybox\\nRUN touch /x\\n" | docker build -q -t kid - &>/dev/null; docker inspect kid -f "{{.Id}}"; docker rmi kid',
        new RegExp(`^(${SHA})\\nUntagged: kid:latest\\nDeleted: \\1\\nDeleted: ${SHA}$`),
      ],
      ['docker rmi nosuch', [1, fromDaemon('No such image: nosuch:latest')]],
      [
        'docker run --name user busybox true; docker rmi busybox',
        [
          1,
          /conflict: unable to remove repository reference "busybox" \(must be forced\) - container [0-9a-f]{12} is using its referenced image [0-9a-f]{12}/,
        ],
      ],
      ['docker rm user', 'user'],
    ]))

  it('saves and loads images', () =>
    shell.session([
      [
        'docker save busybox nginx:1.29 -o two.tar && tar tf two.tar | grep -cE "^(manifest.json|index.json|oci-layout|repositories)$"',
        '4',
      ],
      ['docker save nosuch', [1, /No such image: nosuch/]],
      [
        'docker inspect busybox -f "{{.Id}}" > id; docker rmi -f busybox nginx:1.29 >/dev/null; docker load -i two.tar',
        'Loaded image: busybox:latest\nLoaded image: nginx:1.29',
      ],
      ['docker inspect busybox -f "{{.Id}}" | cmp - id && docker run --rm busybox echo alive', 'alive'],
      ['gzip -c two.tar | docker load -q', 'Loaded image: busybox:latest\nLoaded image: nginx:1.29'],
      ['tar c id | docker load', [1, fromDaemon('invalid archive: does not contain a manifest.json')]],
    ]))

  it.skipIf(!hasTool('skopeo'))('exchanges archives with skopeo', () =>
    shell.session([
      [
        'docker save busybox -o one.tar && skopeo inspect --override-os linux docker-archive:one.tar | grep -c \'"Os": "linux"\'',
        '1',
      ],
      [
        'skopeo copy -q --insecure-policy docker-archive:one.tar docker-archive:other.tar:acme/box:v2 && docker load -i other.tar',
        'Loaded image: acme/box:v2',
      ],
      ['docker run --rm acme/box:v2 echo from skopeo', 'from skopeo'],
    ]),
  )

  it('builds: stages, arguments, cache, ignored files', () =>
    shell.session([
      [
        build(
          [
            'ARG V=latest',
            'FROM busybox:$V AS one',
            'ARG X=1',
            'RUN echo $X > /x',
            'FROM busybox',
            'COPY --from=one /x /y',
            'RUN cat /y',
          ],
          '-t multi',
        ),
        /^Step 7\/7 : RUN cat \/y\n ---> Running in [0-9a-f]{12}\n1$/m,
      ],
      ['docker build --build-arg X=2 -t multi ctx 2>/dev/null | grep -c "Using cache"', '1'],
      ['docker run --rm multi cat /y', '2'],
      ['docker build --build-arg X=2 ctx 2>/dev/null | grep -c "Using cache"', '4'],
      ['docker build --no-cache ctx 2>/dev/null | grep "Using cache"', [1, '']],
      [
        'docker build --build-arg NOPE=1 ctx 2>/dev/null | grep Warning',
        '[Warning] One or more build-args [NOPE] were not consumed',
      ],
      ['docker build -q --target one -t target ctx 2>/dev/null', new RegExp(`^${SHA}$`)],
      [failed(['FROM busybox'], '--target two'), 'target stage "two" could not be found'],
      ['docker build --label a=b -t labelled ctx 2>/dev/null | grep Step | tail -1', 'Step 2/2 : LABEL a=b'],
      ['docker inspect labelled -f "{{json .Config.Labels}}"', '{"a":"b"}'],
      ['printf "*\\n!a\\n!sub\\nsub/*\\n!sub/c\\nDockerfile\\n" > ctx/.dockerignore', ''],
      [
        build(['FROM busybox', 'WORKDIR /w', 'COPY . .', 'RUN find . -type f | sort'], '--no-cache'),
        /\n\.\/a\n\.\/sub\/c\n/,
      ],
      [
        'rm ctx/.dockerignore; tar c -C ctx . | docker build - 2>/dev/null | tail -1',
        /^Successfully built [0-9a-f]{12}$/,
      ],
      ['printf "FROM busybox\\nRUN echo x\\n" | docker build -q - 2>/dev/null', new RegExp(`^${SHA}$`)],
      [
        build(['FROM busybox', 'ADD arch.tar /un/', 'RUN ls /un'], '').replace(
          'docker build',
          'tar cf ctx/arch.tar -C ctx a b; docker build',
        ),
        /\na\nb\n/,
      ],
      [
        build([
          'FROM busybox',
          'COPY --chown=nobody a b /d/',
          'RUN ls -l /d | tail -1 | tr -s " " | cut -d" " -f3',
        ]),
        /\nnobody\n/,
      ],
      [
        build(
          ['FROM busybox', 'ENV A=abcde', 'RUN echo ${A} $A-1', 'LABEL v=${A%de} w=${B:-none}'],
          '-q -t env',
        ),
        new RegExp(`^${SHA}$`),
      ],
      ['docker inspect env -f "{{json .Config.Labels}}"', '{"v":"abc","w":"none"}'],
      [build(['FROM busybox', 'ONBUILD RUN echo triggered'], '-q -t parent'), new RegExp(`^${SHA}$`)],
      [build(['FROM parent'], '-t child'), /# Executing 1 build trigger\n[\s\S]*triggered/],
      ['docker inspect child -f "{{.Config.OnBuild}}"', '[]'],
      [
        build(
          [
            'FROM busybox',
            'HEALTHCHECK --interval=1m30s --start-interval=500ms --retries=3 CMD true',
            'VOLUME /v',
            'STOPSIGNAL SIGINT',
            'EXPOSE 80 90-91/udp',
            'USER 1',
            'ARG V=1',
            'SHELL ["/bin/ash","-c"]',
            'ENTRYPOINT ["x"]',
            'CMD ["y"]',
          ],
          '-q -t all',
        ),
        new RegExp(`^${SHA}$`),
      ],
      [
        'docker inspect all -f "{{.Config.Healthcheck.Test}} {{.Config.Volumes}} {{.Config.StopSignal}} {{.Config.User}} {{.Config.Shell}} {{.Config.Entrypoint}} {{.Config.Cmd}}"',
        '[CMD-SHELL true] map[/v:{}] SIGINT 1 [/bin/ash -c] [x] [y]',
      ],
      ['docker inspect all -f "{{.Config.ExposedPorts}}"', 'map[80/tcp:{} 90/udp:{} 91/udp:{}]'],
      [
        'docker history all --no-trunc --format "{{.CreatedBy}}" | grep -E "SHELL \\[|ARG|EXPOSE|HEALTH"',
        [
          '/bin/ash -c #(nop)  SHELL [/bin/ash -c]',
          '/bin/sh -c #(nop)  ARG V=1',
          '/bin/sh -c #(nop)  EXPOSE 80 90-91/udp',
          `/bin/sh -c #(nop)  HEALTHCHECK &{["CMD-SHELL" "true"] "1m30s" "0s" "0s" "500ms" '\\x03'}`,
        ].join('\n'),
      ],
      [
        build(['FROM alpine:3.22', 'RUN apk add --no-cache curl && curl --version | head -1']),
        /\(2\/2\) Installing curl .*\n[\s\S]*\ncurl 8\./,
      ],
      [
        build(['FROM debian', 'RUN apt-get update && apt-get install -y jq && rm -rf /var/lib/apt/lists/*']),
        /Setting up jq /,
      ],
    ]))

  it('fails as the classic builder does', () =>
    shell.session([
      [failed(['FROM busybox', 'RUN exit 3']), "The command '/bin/sh -c exit 3' returned a non-zero code: 3"],
      [failed(['FROM busybox', 'NOPE x']), 'dockerfile parse error on line 2: unknown instruction: NOPE'],
      [
        failed(['FROM busybox', 'COPY nofile /']),
        /COPY failed: file not found in build context or excluded by \.dockerignore: stat nofile: file does not exist/,
      ],
      [
        failed(['FROM busybox', 'COPY a b /file']),
        'When using COPY with more than one source file, the destination must be a directory and end with a /',
      ],
      [
        failed(['FROM busybox', 'HEALTHCHECK --interval=1us CMD true']),
        'Interval "interval" cannot be less than 1ms',
      ],
      [failed(['FROM busybox', 'EXPOSE 91-90']), 'invalid containerPort: 91-90'],
      [failed(['FROM busybox', 'COPY --chmod=755 a /']), /^the --chmod option requires BuildKit/],
      [
        failed(['FROM busybox', 'RUN --mount=type=cache,target=/c true']),
        /^the --mount option requires BuildKit/,
      ],
      [failed(['FROM busybox', 'COPY --nope a /']), 'dockerfile parse error on line 2: unknown flag: --nope'],
      [failed(['FROM busybox', 'COPY --from=9 a /']), /invalid from flag value 9: index out of bounds/],
      [
        failed(['FROM nosuch/base']),
        /^pull access denied for nosuch\/base, repository does not exist or may require 'docker login'/,
      ],
      [
        failed(['FROM busybox', 'ADD https://example.com/x /']),
        /^drydock: ADD https:\/\/example\.com\/x: the simulation reaches only hosts of the lab network/,
      ],
      [
        failed(['FROM busybox:1.37'], '--platform linux/s390x'),
        /no matching manifest for linux\/s390x in the manifest list entries/,
      ],
      [
        failed(['FROM alpine:3.22', 'RUN apk add nosuch']),
        "The command '/bin/sh -c apk add nosuch' returned a non-zero code: 1",
      ],
      [
        failed(['FROM debian', 'RUN apt-get install -y curl']),
        "The command '/bin/sh -c apt-get install -y curl' returned a non-zero code: 100",
      ],
      ['docker build nowhere 2>&1 | tail -1', /path "nowhere" not found/],
      ['docker build --squash ctx', [1, /experimental/]],
    ]))

  it('networks', () =>
    shell.session([
      [
        'docker network ls --format "{{.Name}} {{.Driver}} {{.Scope}}"',
        'bridge bridge local\nhost host local\nnone null local',
      ],
      ['docker network create --label a=b app', /^[0-9a-f]{64}$/],
      ['docker network create app', [1, fromDaemon('network with name app already exists')]],
      ['docker network create --subnet 10.9.0.0/24 --gateway 10.9.0.254 own', /^[0-9a-f]{64}$/],
      [
        'docker network create --subnet 10.9.0.0/16 other',
        [1, fromDaemon('invalid pool request: Pool overlaps with other one on this address space')],
      ],
      [
        'docker network create --subnet 10.8.0.0/24 --aux-address printer=10.8.0.2 aux >/dev/null; docker run --rm --network name=aux,driver-opt=a=b busybox hostname -i; docker network inspect aux -f "{{json .IPAM.Config}}"; docker network rm aux',
        '10.8.0.3\n[{"Subnet":"10.8.0.0/24","Gateway":"10.8.0.1","AuxiliaryAddresses":{"printer":"10.8.0.2"}}]\naux',
      ],
      ['docker network create --ipv6 o', [1, fromDaemon('drydock: IPv6 networks are not simulated')]],
      ['docker network create -d overlay o', [1, /This node is not a swarm manager/]],
      ['docker network create -d nope o', [1, /plugin "nope" not found/]],
      [
        'docker network inspect own -f "{{json .IPAM.Config}}"',
        '[{"Subnet":"10.9.0.0/24","Gateway":"10.9.0.254"}]',
      ],
      [
        'docker run -d --name srv --network app --network-alias www nginx:1.29; docker exec srv sh -c "until curl -s localhost >/dev/null; do :; done"; docker inspect srv -f "{{.NetworkSettings.Networks.app.IPAddress}}"',
        /\n172\.18\.0\.2$/,
      ],
      [
        'for n in srv www; do docker run --rm --network app busybox wget -qO- $n | grep -c "<title>"; done',
        '1\n1',
      ],
      ['docker run --rm busybox wget -qO- srv', [1, /bad address/]],
      ['docker run --rm --network own busybox wget -T 1 -qO- 172.18.0.2', [1, /timed out/]],
      [
        'docker network connect --ip 10.9.0.50 own srv; docker run --rm --network own busybox wget -qO- 10.9.0.50 | grep -c "<title>"',
        '1',
      ],
      ['docker network connect own srv', [1, /endpoint with name srv already exists in network own/]],
      [
        'docker network rm app',
        [
          1,
          /error while removing network: network app has active endpoints \(name:"srv" id:"[0-9a-f]{12}"\)/,
        ],
      ],
      ['docker network disconnect own srv'],
      ['docker network disconnect own srv', [1, /is not connected to network own/]],
      ['docker network rm bridge', [1, /bridge is a pre-defined network and cannot be removed/]],
      ['docker network rm nope', [1, /network nope not found/]],
      ['docker run --rm --network nope busybox true', [125, /network nope not found/]],
      ['docker run --rm --network none busybox wget -T 1 -qO- 172.18.0.2', [1, /./]],
      ['docker run --rm --network container:srv busybox wget -qO- localhost | grep -c "<title>"', '1'],
      [
        'docker run -d --name onhost --network host nginx:1.29 >/dev/null; docker run --rm --network host busybox sh -c "until wget -qO- localhost 2>/dev/null; do :; done" | grep -c "<title>"',
        '1',
      ],
      ['docker rm -f srv onhost; docker network ls --filter label=a -q | wc -l', 'srv\nonhost\n1'],
      ['docker network prune -f --filter nope=1', [1, fromDaemon("invalid filter 'nope'")]],
      ['docker network prune -f', /^Deleted Networks:\n(?:app\nown|own\napp)$/],
    ]))

  it('volumes', () =>
    shell.session([
      ['docker volume create data', 'data'],
      ['docker volume create a/b', [1, /includes invalid characters for a local volume name/]],
      [
        'docker run --rm -v data:/d busybox sh -c "echo kept > /d/f"; docker run --rm -v data:/d:ro busybox cat /d/f',
        'kept',
      ],
      ['docker run --rm -v data:/d:ro busybox touch /d/g', [1, /Read-only file system/]],
      [
        'docker run --rm -v html:/usr/share/nginx/html nginx:1.29 true; docker run --rm --mount source=html,target=/h busybox ls /h',
        '50x.html\nindex.html',
      ],
      ['docker run --rm --tmpfs /t busybox sh -c "echo x > /t/x && cat /t/x"', 'x'],
      ['docker volume ls -q', 'data\nhtml'],
      [
        'docker volume inspect data -f "{{.Mountpoint}} {{.Driver}}"',
        '/var/lib/docker/volumes/data/_data local',
      ],
      [
        'docker run --name holds -v data:/d -v /anon busybox true; docker volume rm data',
        [1, /remove data: volume is in use - \[[0-9a-f]{64}\]/],
      ],
      [
        'docker inspect holds -f "{{range .Mounts}}{{.Type}}:{{.Destination}} {{end}}"',
        'volume:/d volume:/anon',
      ],
      ['docker volume ls -q --filter dangling=true', 'html'],
      ['docker rm -v holds; docker volume ls -q | wc -l', 'holds\n2'],
      ['docker volume create --opt nope=1 x1', [1, fromDaemon('create x1: invalid option: "nope"')]],
      ['docker volume prune -f --filter nope=1', [1, fromDaemon("invalid filter 'nope'")]],
      ['docker volume rm nope', [1, /get nope: no such volume/]],
      ['docker volume prune -f', 'Total reclaimed space: 0B'],
      ['docker volume prune -a -f | head -3', 'Deleted Volumes:\ndata\nhtml'],
    ]))

  it('the engine: version, info, disk use, events; what it does not do', () =>
    shell.session([
      [
        'docker version --format "{{.Server.Version}} {{.Server.APIVersion}} {{.Server.Os}}"',
        '28.2.2 1.50 linux',
      ],
      ['docker info --format "{{.Driver}} {{.Swarm.LocalNodeState}} {{.NCPU}}"', 'overlay2 inactive 2'],
      ['docker system info 2>/dev/null | grep -c "Server Version: 28.2.2"', '1'],
      ['docker system df --format "{{.Type}}"', 'Images\nContainers\nLocal Volumes\nBuild Cache'],
      ['docker system df -v | head -2', /^Images space usage:/],
      // The images of a build's steps are not counted.
      [
        "[ $(docker system df --format '{{.TotalCount}}' | head -1) = $(docker images -q --no-trunc | sort -u | wc -l) ]",
        '',
      ],
      [
        'docker events --since 1h --until 0s --filter type=network --filter event=create --format "{{.Actor.Attributes.name}}"',
        'app\nown\naux',
      ],
      [
        'docker events --since 1h --until 0s --filter image=busybox --filter event=die --format "{{.Type}}" | sort -u',
        'container',
      ],
      ['docker image prune -f | tail -1', /^Total reclaimed space: /],
      ['docker builder prune -f | tail -1', /^Total(?: reclaimed space)?:/],
      ['docker system prune -f | tail -1', /^Total reclaimed space: /],
      ['docker context ls --format "{{.Name}}"', /default/],
      [
        'docker node ls',
        [1, /This node is not a swarm manager\. Use "docker swarm init" or "docker swarm join"/],
      ],
      ['docker service ls', [1, /This node is not a swarm manager/]],
      ['docker secret ls', [1, /This node is not a swarm manager/]],
      ['docker swarm init', [1, /drydock: Swarm mode is not simulated/]],
      ['docker swarm leave', [1, /This node is not part of a swarm/]],
      ['docker stack ls', [1, /not a swarm manager/i]],
      ['docker compose up', [1, /./]],
      ['docker plugin ls --format "{{.Name}}"', ''],
      ['DOCKER_BUILDKIT=1 docker build ctx 2>&1 | tail -1', /./],
    ]))
})
