import { DataChannel, type StartedSession } from './channel.ts'
import { VERSION } from './version.ts'

// `session-manager-plugin`, in the edition of Drydock: `aws ecs execute-command` and `aws ssm start-session` start it, with the arguments
// and the texts of the real one. https://github.com/aws/session-manager-plugin (read 2026-11)

const START_RESPONSE = 'AWS_SSM_START_SESSION_RESPONSE'

const [response, , operation] = process.argv.slice(2)
if (response === undefined)
  print('\nThe Session Manager plugin was installed successfully. Use the AWS CLI to start a session.\n\n')
else if (response === '--version') print(`${VERSION}\n`)
else if (operation === undefined)
  print(`\nUnknown operation ${response}. \nUse session-manager-plugin --version to check the version.\n\n`)
else if (operation !== 'StartSession') print('Invalid Operation')
else {
  const session = readSession(response.startsWith(START_RESPONSE) ? (process.env[response] ?? '') : response)
  if (session) run(session)
}

function print(text: string): void {
  process.stdout.write(text)
}

/** The API's answer: ECS writes its members small, Systems Manager large. */
function readSession(text: string): StartedSession | undefined {
  try {
    const given = Object.entries(JSON.parse(text) as Record<string, string>)
    const { sessionid, streamurl, tokenvalue } = Object.fromEntries(
      given.map(([name, value]) => [name.toLowerCase(), value]),
    )
    if (!sessionid || !streamurl || !tokenvalue) throw new Error('the answer of the API is incomplete')
    return { id: sessionid, streamUrl: streamurl, token: tokenvalue }
  } catch (error) {
    print(`Cannot perform start session: ${(error as Error).message}\n`)
    return undefined
  }
}

/** Joins this terminal with the session until either ends. */
function run(session: StartedSession): void {
  print(`\nStarting session with SessionId: ${session.id}\n`)
  const { stdin, stdout } = process
  const restore = () => {
    if (stdin.isTTY) stdin.setRawMode(false)
    stdin.destroy()
  }
  const resize = () => channel.resize(stdout.columns ?? 80, stdout.rows ?? 24)
  const channel = new DataChannel(session, {
    ready() {
      if (stdin.isTTY) stdin.setRawMode(true)
      resize()
      stdout.on('resize', resize)
      stdin.on('data', (bytes: Buffer) => channel.input(bytes))
      stdin.on('end', () => {
        channel.close()
        restore()
        print('Cannot perform start session: EOF\n')
      })
    },
    output: (bytes) => stdout.write(bytes),
    closed(output) {
      restore()
      channel.close()
      print(
        output === ''
          ? `\n\nExiting session with sessionId: ${session.id}.\n\n`
          : `\n\nSessionId: ${session.id} : ${output}\n\n`,
      )
    },
    failed(error) {
      restore()
      print(`Cannot perform start session: failed to open data channel with error: ${error.message}\n`)
    },
  })
  // Keys reach the process in the container; signals of others end the session.
  process.on('SIGTERM', () => channel.close())
}
