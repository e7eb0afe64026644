// Servers and tools of the official images, with the real docker client.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { DockerEngineShell, hasDocker, type Step } from '../support/docker-engine.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

describe.skipIf(!hasDocker())('images of servers and tools', () => {
  let shell: DockerEngineShell
  beforeAll(async () => {
    shell = await DockerEngineShell.open()
    for (const image of ['nginx', 'busybox', 'golang', 'alpine']) await shell.run(`docker pull -q ${image}`)
  })
  afterAll(() => shell?.close())
  const session = (steps: Step[]) => shell.session(steps)
  /** What a container says when it is asked over HTTP from beside it. */
  const get = (path: string) => `docker run --rm nginx curl -s 172.17.0.1:5000${path}`

  it('registry: a registry of one’s own, which keeps what it was given as long as its volume', async () => {
    const run = (image: string) =>
      `docker run -d -p 5000:5000 -v images:/var/lib/registry --name registry ${image} >/dev/null; ${listens}`
    const listens = 'until docker logs registry 2>&1 | grep -q listening; do :; done'
    await session([
      [
        'docker pull localhost:5000/tool',
        [1, /Get "http:\/\/localhost:5000\/v2\/": dial tcp 127\.0\.0\.1:5000: connect: connection refused/],
      ],
      [run('registry:2')],
      [
        'docker tag busybox localhost:5000/team/tool:v1; docker push -q localhost:5000/team/tool:v1',
        'localhost:5000/team/tool:v1',
      ],
      [get('/v2/_catalog'), '{"repositories":["team/tool"]}'],
      [get('/v2/team/tool/tags/list'), '{"name":"team/tool","tags":["v1"]}'],
      [get('/v2/none/tags/list'), /"code":"NAME_UNKNOWN","message":"repository name not known to registry"/],
      [get('/v2/team/tool/manifests/sha256:$(printf %064d 0) -X DELETE'), /"code":"UNSUPPORTED"/],
      ['docker logs registry 2>/dev/null', /"PUT \/v2\/team\/tool\/manifests\/v1 HTTP\/1\.1" 201 /],
      [
        'docker stop registry >/dev/null; docker start registry >/dev/null; docker rmi localhost:5000/team/tool:v1 >/dev/null',
      ],
      [
        'until docker pull -q localhost:5000/team/tool:v1 2>/dev/null; do :; done',
        'localhost:5000/team/tool:v1',
      ],
      [
        'docker pull localhost:5000/team/tool:v2',
        [1, /manifest for localhost:5000\/team\/tool:v2 not found: manifest unknown/],
      ],
      [`docker rm -f registry >/dev/null; ${run('registry:3')}`],
      [get('/v2/_catalog'), '{"repositories":["team/tool"]}'],
      [`docker rm -f registry; docker volume rm images; ${run('registry')}`],
      [get('/v2/_catalog'), '{"repositories":[]}'],
      [
        'docker rm -f registry >/dev/null; docker run --rm -e REGISTRY_AUTH=token registry:2',
        [
          1,
          /drydock: authentication of a registry in a container by \\"token\\" is not simulated, htpasswd is/,
        ],
      ],
    ])
    expect(shell.lab.world.store.list('registry/container-').entries).toEqual([])
  })

  it('registry: with TLS and a password file, as its documentation sets it up', async () => {
    const settings = [
      'REGISTRY_AUTH=htpasswd',
      '"REGISTRY_AUTH_HTPASSWD_REALM=Registry Realm"',
      'REGISTRY_AUTH_HTPASSWD_PATH=/auth/htpasswd',
      'REGISTRY_HTTP_TLS_CERTIFICATE=/certs/domain.crt',
      'REGISTRY_HTTP_TLS_KEY=/certs/domain.key',
    ].map((setting) => `-e ${setting}`)
    const run = `docker run -d -p 5001:5000 -v auth:/auth -v certs:/certs ${settings.join(' ')} --name safe registry:2 >/dev/null; until docker logs safe 2>&1 | grep -q listening; do :; done`
    const ask = (options: string) => `docker run --rm nginx curl -s ${options}`
    await session([
      [
        'docker pull -q httpd:2; docker pull -q registry:2',
        'docker.io/library/httpd:2\ndocker.io/library/registry:2',
      ],
      [
        'docker run --rm -v auth:/auth --entrypoint htpasswd httpd:2 -Bbc /auth/htpasswd ada secret',
        'Adding password for user ada',
      ],
      ['docker run --rm --entrypoint htpasswd httpd:2 -Bbn ada secret', /^ada:\$2y\$05\$[./0-9A-Za-z]{53}$/],
      [
        'docker run --rm -v auth:/auth --entrypoint htpasswd httpd:2 -vb /auth/htpasswd ada wrong',
        [3, 'password verification failed'],
      ],
      [
        'docker run --rm -e REGISTRY_HTTP_TLS_CERTIFICATE=/none.crt registry:2',
        [1, /level=fatal msg="open \/none\.crt: no such file or directory"/],
      ],
      [
        `openssl req -newkey rsa:2048 -nodes -keyout domain.key -x509 -days 365 -out domain.crt -subj /CN=localhost 2>/dev/null; docker create --name copy -v certs:/certs busybox >/dev/null; docker cp -q domain.key copy:/certs/; docker cp -q domain.crt copy:/certs/; docker rm copy; ${run}`,
        'copy',
      ],
      ['docker logs safe 2>&1 | grep -o "listening on.*tls"', 'listening on [::]:5000, tls'],
      [
        'docker tag busybox localhost:5001/tool; docker push localhost:5001/tool',
        [1, /no basic auth credentials$/],
      ],
      [
        'echo wrong | docker login -u ada --password-stdin localhost:5001',
        [
          1,
          'Error response from daemon: login attempt to https://localhost:5001/v2/ failed with status: 401 Unauthorized',
        ],
      ],
      ['echo secret | docker login -u ada --password-stdin localhost:5001 2>/dev/null', 'Login Succeeded'],
      ['docker push -q localhost:5001/tool', 'localhost:5001/tool:latest'],
      [
        'docker rmi localhost:5001/tool >/dev/null; docker pull -q localhost:5001/tool',
        'localhost:5001/tool:latest',
      ],
      [ask('-u ada:secret -k https://172.17.0.1:5001/v2/_catalog'), '{"repositories":["tool"]}'],
      [
        ask('-k https://172.17.0.1:5001/v2/_catalog'),
        /"UNAUTHORIZED".*"Type":"registry","Class":"","Name":"catalog","Action":"\*"/,
      ],
      [ask('-k -o /dev/null -w "%{http_code}" -u ada:other https://172.17.0.1:5001/v2/'), '401'],
      [ask('https://172.17.0.1:5001/v2/ -S'), [60, /certificate/]],
      // Another user, without a new start; then the first may no longer.
      [
        'docker run --rm -v auth:/auth --entrypoint htpasswd httpd:2 -Bbc /auth/htpasswd bob new',
        'Adding password for user bob',
      ],
      [ask('-k -u bob:new https://172.17.0.1:5001/v2/tool/tags/list'), '{"name":"tool","tags":["latest"]}'],
      ['docker pull -q localhost:5001/tool', [1, /unauthorized: authentication required/]],
      ['docker logout localhost:5001; docker rm -f safe; docker volume rm auth certs'],
      // Without a file it makes one, with a user whose password stands in the log.
      [
        'docker run -d --name made -p 5002:5000 -e REGISTRY_AUTH_HTPASSWD_REALM=r -e REGISTRY_AUTH_HTPASSWD_PATH=/auth/htpasswd registry:2 >/dev/null; until docker logs made 2>&1 | grep -q listening; do :; done; docker logs made 2>&1 | sed -n "s/.*provisioning with default user. password=\\([^ ]*\\) user=docker.*/\\1/p" | docker login -u docker --password-stdin localhost:5002 2>/dev/null; docker rm -f made',
        'Login Succeeded\nmade',
      ],
    ])
  })

  it('memcached keeps values for as long as it is told', async () => {
    await session([
      ['docker run -d --name cache memcached:alpine >/dev/null'],
      [
        "printf 'set a 0 0 5\\r\\nhello\\r\\nget a\\r\\nincr a 1\\r\\nadd a 0 0 1\\r\\nx\\r\\nset n 0 0 1\\r\\n9\\r\\nincr n 2\\r\\ndelete a\\r\\nget a\\r\\nquit\\r\\n' | docker exec -i cache nc localhost 11211 | tr -d '\\r'",
        'STORED\nVALUE a 0 5\nhello\nEND\nCLIENT_ERROR cannot increment or decrement non-numeric value\nNOT_STORED\nSTORED\n11\nDELETED\nEND',
      ],
      ['docker exec cache id -un', 'memcache'],
    ])
  })

  it.each([
    ['mysql:8.4', 'mysqladmin', 'mysql', /ready for connections\. Version: '8\.4\.7'/, 'MYSQL_ROOT_PASSWORD'],
    ['mariadb:11', 'mariadb-admin', 'mariadb', /mariadbd: ready for connections/, 'MARIADB_ROOT_PASSWORD'],
  ])('%s starts when it has a password, and refuses SQL', async (image, admin, client, ready, variable) => {
    await session([
      [
        `docker run --rm ${image}`,
        [
          1,
          new RegExp(`Database is uninitialized and password option is not specified[\\s\\S]*- ${variable}`),
        ],
      ],
      [`docker run -d --name sql -e ${variable}=secret ${image} >/dev/null`],
      [`until docker exec sql ${admin} ping -uroot -psecret 2>/dev/null; do :; done`, 'mysqld is alive'],
      ['docker logs sql', ready],
      [
        `docker exec sql ${client} -uroot -psecret -e 'SELECT 1'`,
        [1, /drydock: the server is there, but the simulation has no SQL/],
      ],
      [`docker run --rm ${image} ${client} -h 127.0.0.2`, [1, /ERROR 2003 \(HY000\): Can't connect/]],
      ['docker stop sql >/dev/null; docker logs sql 2>&1 | tail -1', /Shutdown complete/],
      ['docker rm sql', 'sql'],
    ])
  })

  it('go builds executables for images, which cannot run here', async () => {
    await shell.run('mkdir app; echo "package main" > app/main.go; printf "module app\\n" > app/go.mod')
    await shell.write(
      'app/Dockerfile',
      'FROM golang:1.25-alpine AS build\nWORKDIR /src\nCOPY . .\nRUN go mod download && CGO_ENABLED=0 go build -o /bin/app .\nFROM scratch\nCOPY --from=build /bin/app /app\nENTRYPOINT ["/app"]\n',
    )
    await session([
      ['docker build -q -t app app', /^sha256:/],
      ["docker images --format '{{.Repository}}' app", 'app'],
      ['docker run --rm app', [126, /built from Go code, which the simulation cannot run/]],
      ['docker run --rm golang go version', 'go version go1.25.4 linux/amd64'],
      ['docker run --rm golang go test ./...', [1, /go test is not simulated/]],
    ])
  })

  it('httpbin and nginx’s hello answer what they were asked', async () => {
    await session([
      [
        'docker run -d -p 8001:80 --name bin kennethreitz/httpbin >/dev/null; docker run -d -p 8002:80 --name hi nginxdemos/hello:plain-text >/dev/null',
      ],
      [`docker run --rm nginx curl -s '172.17.0.1:8001/get?a=1' | grep '"a"'`, '"a": "1"'],
      ["docker run --rm nginx curl -s -o /dev/null -w '%{http_code}' 172.17.0.1:8001/status/418", '418'],
      ['docker run --rm nginx curl -s -d x=1 172.17.0.1:8001/post | grep "\\"x\\""', '"x": "1"'],
      [
        'docker run --rm nginx curl -s 172.17.0.1:8002/path | grep -E "Server name|URI"',
        /^Server name: [0-9a-f]{12}\nURI: \/path$/,
      ],
    ])
  })

  it('jq runs where it was installed', async () => {
    const run = (script: string) => `docker run --rm alpine sh -c '${script}'`
    await session([
      [run('jq --version'), [127, 'sh: jq: not found']],
      [run(`apk add -q jq; echo "{\\"a\\":[1,{\\"b\\":\\"c\\"}]}" | jq -r ".a[1].b, .a[0]"`), 'c\n1'],
      [
        run(`apk add -q jq; echo "{\\"a\\":[1]}" > f; jq . f; jq -c .a f; jq -n "1+1"`),
        '{\n  "a": [\n    1\n  ]\n}\n[1]\n2',
      ],
    ])
  })
})
