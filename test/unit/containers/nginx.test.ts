import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SimulatedContainer } from '#containers/processes/runtime.ts'
import { appears, finish, type Lab, openLab } from './lab.ts'

/** nginx as tutorials configure it: what each directive does to a request. */
let lab: Lab
let client: SimulatedContainer
let address = 10

const inside = async (container: SimulatedContainer, command: string) =>
  finish(await container.exec({ command: ['sh', '-c', command] }))

beforeAll(async () => {
  lab = await openLab()
  client = await lab.container('nginx', {
    address: '10.0.0.9',
    args: ['sleep', 'infinity'],
  })
  await client.start()
})
afterAll(() => lab.close())

/** Starts nginx with the inside of its `http` block. */
async function nginx(http: string, files: Record<string, string> = {}, main = '') {
  const container = await lab.container('nginx', {
    address: `10.0.0.${address++}`,
    hosts: { red: '10.0.0.200', blue: '10.0.0.201', dead: '10.0.0.202' },
    mounts: Object.entries({
      '/etc/nginx/nginx.conf': `events {}\n${main}\nhttp {\n${http}\n}\n`,
      ...files,
    }).map(([path, text]) => ({
      path,
      single: true,
      files: new Map([['', { content: Buffer.from(text) }]]),
    })),
  })
  const process = await container.start()
  return { container, process }
}

async function serving(...args: Parameters<typeof nginx>) {
  const { container, process } = await nginx(...args)
  await appears(process.stderr, 'start worker processes')
  const curl = async (path: string, options = '') =>
    (await inside(client, `curl -s ${options} http://${container.spec.address}${path}`)).stdout
  return {
    container,
    curl,
    status: (path: string, options = '') => curl(path, `-o /dev/null -w '%{http_code}' ${options}`),
  }
}

/** What nginx says of a configuration that it refuses. */
async function refusal(http: string, main = ''): Promise<string> {
  const { process } = await nginx(http, {}, main)
  const { stderr, exitCode } = await finish(process)
  expect(exitCode).toBe(1)
  return /nginx: \[emerg\] (.*)/.exec(stderr)?.[1] ?? stderr
}

describe('nginx', () => {
  it('rewrites by set, if, rewrite, return and break, in their order', async () => {
    const { curl, status } = await serving(`
      server {
        listen 80;
        default_type text/plain;
        set $who "nobody";
        if ($arg_name) { set $who $arg_name; }
        if ($request_method = DELETE) { return 405; }
        if ($http_user_agent ~* "(bad)bot") { return 403 "no $1 bots\\n"; }
        location = /who { return 200 "$who\\n"; }
        location /old/ { rewrite ^/old/(.*)$ /new/$1?from=old last; }
        location /new/ { return 200 "$uri $args\\n"; }
        location /gone/ { rewrite ^/gone/(?<page>\\w+) /new/$page? permanent; }
        location /loop { rewrite ^ /loop last; }
        location /files { if (!-f /usr/share/nginx/html$uri) { return 404 "no file\\n"; } return 200 "file\\n"; }
      }`)
    expect(await curl('/who')).toBe('nobody\n')
    expect(await curl('/who?name=me')).toBe('me\n')
    expect(await status('/who', '-X DELETE')).toBe('405')
    expect(await curl('/who', '-A BadBot/1')).toBe('no Bad bots\n')
    expect(await curl('/old/page?a=1')).toBe('/new/page from=old&a=1\n')
    expect(await curl('/gone/page?a=1', '-i')).toMatch(
      /301 Moved[\s\S]*Location: http:\/\/[\d.]+\/new\/page\r\n/,
    )
    expect(await status('/loop')).toBe('500')
    expect(await curl('/files')).toBe('no file\n')
  })

  it('maps values, by name, pattern and address', async () => {
    const { curl } = await serving(`
      map $http_user_agent $kind { default desktop; ~*(?<device>iphone|android) "mobile $device"; curl exact; }
      map $host $backend { hostnames; default none; *.example.com wild; shop.example.com shop; }
      geo $net { default outside; 10.0.0.0/8 inside; 10.0.0.9 client; }
      server { location / { return 200 "$kind, $backend, $net"; } }`)
    expect(await curl('/', '-A "Mozilla (iPhone)" -H "Host: a.example.com"')).toBe(
      'mobile iPhone, wild, client',
    )
    expect(await curl('/', '-A curl -H "Host: shop.example.com"')).toBe('exact, shop, client')
    expect(await curl('/', '-A other')).toBe('desktop, none, client')
  })

  it('lets in by address, by password, or by either', async () => {
    const { curl, status } = await serving(
      `
      server {
        location /closed { deny all; }
        location /office { allow 10.0.0.0/24; deny all; return 200; }
        location /here/ { allow 10.0.0.9; deny all; alias /usr/share/nginx/html/; }
        location /there/ { deny 10.0.0.9; allow all; alias /usr/share/nginx/html/; }
        location /secret/ {
          auth_basic "Staff only";
          auth_basic_user_file /etc/nginx/.htpasswd;
          alias /usr/share/nginx/html/;
          add_header X-User $remote_user;
        }
        location /either/ {
          satisfy any;
          allow 10.0.0.9; deny all;
          auth_basic "Staff only"; auth_basic_user_file /etc/nginx/.htpasswd;
          alias /usr/share/nginx/html/;
        }
        location /read/ { limit_except GET { deny all; } alias /usr/share/nginx/html/; }
      }`,
      // admin:secret (openssl passwd -apr1 -salt abcdefgh secret), user:password ({SHA}), ada:secret (htpasswd -B, cost 5 and 8)
      {
        '/etc/nginx/.htpasswd':
          'admin:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/\nuser:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\nada:$2y$05$Nf5VQQUR1EkPsexlhGEpTuQ2AeIdWTmmYB7dvdReQ7F3BdXIuhpYq\nbob:$2y$08$qHSOgYdbxrXCC3IShWjvG.wEFyBneSxrhGhIkT24zQPoYjlykjFqS\n',
      },
    )
    expect(
      await Promise.all(['/closed', '/here/', '/there/', '/either/', '/secret/'].map((path) => status(path))),
    ).toEqual(['403', '200', '403', '200', '401'])
    expect(await curl('/secret/', '-I')).toContain('WWW-Authenticate: Basic realm="Staff only"')
    expect(await status('/secret/', '-u admin:wrong')).toBe('401')
    expect(await curl('/secret/', '-I -u admin:secret')).toMatch(/200 OK[\s\S]*X-User: admin/)
    expect(await status('/secret/', '-u user:password')).toBe('200')
    expect(await status('/secret/', '-u ada:secret')).toBe('200')
    expect(await status('/secret/', '-u bob:secret')).toBe('200')
    expect(await status('/secret/', '-u bob:wrong')).toBe('401')
    expect(await status('/read/', '-X POST -d x')).toBe('403')
  })

  it('shares requests among the servers of an upstream, past those that are down', async () => {
    const listen = (name: string, at: string) =>
      lab
        .container('nginx', {
          address: at,
          mounts: [
            {
              path: '/etc/nginx/nginx.conf',
              single: true,
              files: new Map([
                [
                  '',
                  {
                    content: Buffer.from(
                      `events {} http { server { listen 80; location /go { return 302 http://app/next; } location / { return 200 "${name} $request_uri $http_x_real_ip\\n"; } } }`,
                    ),
                  },
                ],
              ]),
            },
          ],
        })
        .then(async (container) => appears((await container.start()).stderr, 'start worker processes'))
    await listen('red', '10.0.0.200')
    await listen('blue', '10.0.0.201')
    const { curl, status } = await serving(`
      upstream app { server red weight=2; server blue; server dead; }
      upstream spare { server dead; server blue backup; }
      upstream same { ip_hash; server red; server blue; }
      upstream gone { server dead; }
      proxy_set_header X-Real-IP $remote_addr;
      server {
        location /api/ { proxy_pass http://app/; add_header X-Upstream $upstream_addr; }
        location /spare { proxy_pass http://spare; }
        location /same { proxy_pass http://same; }
        location /gone { proxy_pass http://gone; }
        location /moved/ { proxy_pass http://app/; }
      }`)
    const answers = []
    for (let count = 0; count < 6; count++) answers.push((await curl('/api/x?y=1')).trim())
    expect(answers.filter((text) => text === 'red /x?y=1 10.0.0.9')).toHaveLength(4)
    expect(answers.filter((text) => text === 'blue /x?y=1 10.0.0.9')).toHaveLength(2)
    expect(await curl('/api/', '-I')).toMatch(/X-Upstream: 10\.0\.0\.20[01]:80/)
    expect(await curl('/spare')).toContain('blue')
    expect(new Set([await curl('/same'), await curl('/same'), await curl('/same')]).size).toBe(1)
    expect(await status('/gone')).toBe('502')
    expect(await curl('/moved/go', '-I')).toMatch(/Location: http:\/\/[\d.]+\/moved\/next/)
  })

  it('ends what leads in circles', async () => {
    const { curl, status } = await serving(`
      map $b $a { default $b; }
      map $a $b { default "$a$a"; }
      ${Array.from({ length: 40 }, (_, level) => `map $uri $v${level} { default "$v${level + 1}$v${level + 1}"; }`).join('\n')}
      map $uri $v40 { default ""; }
      upstream heavy { ip_hash; server blue weight=2000000000; server 127.0.0.1:81 weight=2000000000; }
      server {
        listen 80;
        location /map { return 200 "<$a>"; }
        location /wide { return 200 "<$v0>"; }
        location /long { set $x xx; ${'set $x "$x$x";'.repeat(40)} return 200 $x; }
        location /loop { proxy_pass http://127.0.0.1; }
        location /heavy { proxy_pass http://heavy; }
        location /status { stub_status; }
      }
      server { listen 81; location / { return 200 "heavy"; } }`)
    expect(await curl('/map')).toBe('<>')
    expect(await curl('/wide')).toBe('<>')
    expect(await status('/long')).toBe('000')
    expect(await status('/loop')).toBe('500')
    expect(await curl('/heavy')).toBe('heavy')
    expect(await curl('/status')).toMatch(
      /^Active connections: 1 \nserver accepts handled requests\n (\d+) \1 \1 \nReading: 0 Writing: 1 Waiting: 0 \n$/,
    )
  })

  it('passes TCP on in a stream block', async () => {
    const { curl } = await serving(
      'server { listen 8080; location / { return 200 "behind\\n"; } }',
      {},
      'stream { upstream web { server 127.0.0.1:8080; } server { listen 80; proxy_pass web; } }',
    )
    expect(await curl('/')).toBe('behind\n')
  })

  it('limits the rate of a client, compresses, and tells caches how long', async () => {
    const { curl, status } = await serving(`
      limit_req_zone $binary_remote_addr zone=one:10m rate=1r/m;
      include mime.types;
      root /usr/share/nginx/html;
      gzip on; gzip_types text/css;
      server {
        expires 1h;
        location /limited { limit_req zone=one burst=1 nodelay; limit_req_status 429; try_files /index.html =404; }
      }`)
    const limited = []
    for (let count = 0; count < 3; count++) limited.push(await status('/limited'))
    expect(limited).toEqual(['200', '200', '429'])
    const head = await curl('/', '-I -H "Accept-Encoding: gzip"')
    expect(head).toMatch(/Content-Encoding: gzip/)
    expect(head).toMatch(/ETag: W\//)
    expect(head).toMatch(/Cache-Control: max-age=3600/)
    expect(head).not.toMatch(/Content-Length/)
    expect(await curl('/', '--compressed')).toContain('Welcome to nginx!')
    expect(await curl('/', '-I')).toMatch(/Content-Length: \d+/)
  })

  it('leads to indexes, named locations and error pages', async () => {
    const { curl, status } = await serving(`
      default_type text/plain;
      error_page 404 = @missing;
      server {
        server_name main;
        root /usr/share/nginx/html;
        location / { try_files $uri $uri/ @app; }
        location = /index.html { add_header X-Index yes; }
        location @app { return 200 "app $uri"; }
        location /hidden { internal; }
        location /none { try_files /nothing =404; }
        location @missing { return 404 "nothing at $uri"; }
      }
      server { server_name ~^(?<sub>\\w+)\\.example\\.com$; location / { return 200 $sub; } }`)
    expect(await curl('/', '-I')).toContain('X-Index: yes')
    expect(await curl('/some/page')).toBe('app /some/page')
    expect(await status('/hidden')).toBe('404')
    expect(await curl('/none')).toBe('nothing at /none')
    expect(await curl('/', '-H "Host: shop.example.com"')).toBe('shop')
  })

  it.each([
    [
      'server { location / { proxy_pas http://x; } }',
      'unknown directive "proxy_pas" in /etc/nginx/nginx.conf:4',
    ],
    ['location / {}', '"location" directive is not allowed here in /etc/nginx/nginx.conf:4'],
    [
      'server { root /a index b; }',
      'invalid number of arguments in "root" directive in /etc/nginx/nginx.conf:4',
    ],
    [
      'upstream a { server nowhere:80; }',
      'host not found in upstream "nowhere:80" in /etc/nginx/nginx.conf:4',
    ],
    ['server { return 200 $nothing; }', 'unknown "nothing" variable'],
    ['server { location / { deny someone; } }', 'invalid parameter "someone" in /etc/nginx/nginx.conf:4'],
    [
      'server { location ~ ( {} }',
      'pcre2_compile() failed: invalid pattern in "(" in /etc/nginx/nginx.conf:4',
    ],
    ['server { limit_req zone=a; }', 'zero size shared memory zone "a"'],
  ])('refuses %s', async (http, text) => {
    expect(await refusal(http)).toBe(text)
  })
})
