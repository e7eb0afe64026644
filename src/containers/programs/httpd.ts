import type { Process, Program } from '../processes/process.ts'
import { clientAddress, countBody, listenHttp } from './http-listener.ts'
import { all, HttpdConfigError, type HttpdDirective, last, loadHttpd } from './httpd/config.ts'
import { serve } from './httpd/site.ts'
import { localTime } from './nginx/times.ts'

const CONFIGURATION = '/usr/local/apache2/conf/httpd.conf'

/** Apache httpd: reads its configuration, serves files of the container, logs to its output, obeys its signals. */
export function httpd(version: string): Program {
  return async (process) => {
    const { machine } = process
    const { argv } = process
    if (argv.includes('-v')) {
      await process.print(`Server version: Apache/${version} (Unix)\n`)
      return 0
    }
    // Before anything is read, so that a stop right after the start is not lost.
    const stopped = new Promise<string>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGWINCH']) process.on(signal, () => resolve(signal))
    })
    const file = argv.includes('-f') ? argv[argv.indexOf('-f') + 1]! : CONFIGURATION
    let config: HttpdDirective[]
    try {
      config = await loadHttpd(process, file)
    } catch (error) {
      if (!(error instanceof HttpdConfigError)) throw error
      await process.complain(`${error.message}\n`)
      return 1
    }
    if (last(config, 'ServerName') === undefined)
      await process.complain(
        `AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using ${machine.address}. Set the 'ServerName' directive globally to suppress this message\n`,
      )
    if (argv.includes('-t')) {
      await process.complain('Syntax OK\n')
      return 0
    }
    if (all(config, 'Listen').length === 0) {
      await process.complain('no listening sockets available, shutting down\nAH00015: Unable to open logs\n')
      return 1
    }
    let listeners = listen(process, version, config)
    process.on('SIGUSR1', () => {
      void loadHttpd(process, file)
        .then((next) => {
          for (const listener of listeners) listener.close()
          listeners = listen(process, version, next)
        })
        .catch((error: Error) => process.complain(`${error.message}\n`))
        .catch(() => {})
    })
    const stamp = () =>
      `[${new Date(machine.clock.now()).toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) ([\d:]+).*/, '$1 $3 $2 $5.000000 $4')}]`
    const notice = (module: string, text: string) =>
      process.complain(`${stamp()} [${module}:notice] [pid ${process.pid}:tid ${process.pid}] ${text}\n`)
    await notice('mpm_event', `AH00489: Apache/${version} (Unix) configured -- resuming normal operations`)
    await notice('core', "AH00094: Command line: 'httpd -D FOREGROUND'")
    const signal = await process.waitFor(stopped)
    await notice(
      'mpm_event',
      signal === 'SIGWINCH'
        ? 'AH00492: caught SIGWINCH, shutting down gracefully'
        : 'AH00491: caught SIGTERM, shutting down',
    )
    return 0
  }
}

function listen(process: Process, version: string, config: HttpdDirective[]): { close(): void }[] {
  const hosts = all(config, 'VirtualHost')
  return all(config, 'Listen').map(({ args }) => {
    const port = Number(args[0]!.replace(/^.*:/, ''))
    const here = hosts.filter((host) =>
      host.args.some((at) => /(?:^|:)(\d+|\*)$/.exec(at)?.[1] === String(port)),
    )
    return listenHttp(process, port, (req, res) => {
      const sent = countBody(res)
      res.sendDate = false
      const name = (req.headers.host ?? '').replace(/:\d+$/, '')
      const host =
        here.find(({ section = [] }) =>
          ['ServerName', 'ServerAlias'].some((key) =>
            all(section, key).some((one) => one.args.includes(name)),
          ),
        ) ?? here[0]
      const scopes = [config, ...(host?.section ? [host.section] : [])]
      const uri = decoded((req.url ?? '/').split('?')[0]!)
      serve({ process, version, scopes, req, res, uri })
        .then(() =>
          process.print(
            `${clientAddress(req)} - - [${localTime(process.machine.clock.now())}] "${req.method} ${req.url} HTTP/${req.httpVersion}" ${res.statusCode} ${sent() || '-'}\n`,
          ),
        )
        .catch(() => res.destroy())
    })
  })
}

function decoded(uri: string): string {
  try {
    return decodeURIComponent(uri)
  } catch {
    return uri
  }
}
