import { PassThrough } from 'node:stream'
import { containerPath as path, type Route, readJson, sendJson, sendNothing } from './api.ts'
import type { EngineParts } from './parts.ts'

/** Further processes in containers. */
export function execRoutes({ execs }: EngineParts): Route[] {
  return [
    [
      'POST',
      path('/exec'),
      async (call) => {
        sendJson(call, 201, { Id: execs.create(call.params[0]!, await readJson(call)) })
      },
    ],
    [
      'POST',
      /^\/exec\/([^/]+)\/start$/,
      async (call) => {
        const { Detach } = await readJson(call)
        const exec = execs.require(call.params[0]!)
        if (Detach) {
          await execs.start(exec.id, undefined, () => {})
          return sendNothing(call, 200)
        }
        const stream = new PassThrough()
        stream.pipe(call.res)
        await execs.start(exec.id, stream, () =>
          call.res.writeHead(200, {
            'content-type': `application/vnd.docker.${exec.config.Tty ? 'raw' : 'multiplexed'}-stream`,
          }),
        )
      },
    ],
    [
      'POST',
      /^\/exec\/([^/]+)\/resize$/,
      (call) => {
        execs.resize(call.params[0]!, Number(call.query.get('w')), Number(call.query.get('h')))
        sendNothing(call, 200)
      },
    ],
    [
      'GET',
      /^\/exec\/([^/]+)\/json$/,
      (call) => {
        const exec = execs.require(call.params[0]!)
        sendJson(call, 200, {
          ID: exec.id,
          Running: exec.running,
          ExitCode: exec.exitCode,
          ProcessConfig: {
            tty: exec.config.Tty ?? false,
            entrypoint: exec.config.Cmd[0],
            arguments: exec.config.Cmd.slice(1),
          },
          OpenStdin: exec.config.AttachStdin ?? false,
          OpenStdout: true,
          OpenStderr: true,
          DetachKeys: '',
          CanRemove: false,
          ContainerID: exec.containerId,
          Pid: 0,
        })
      },
    ],
  ]
}
