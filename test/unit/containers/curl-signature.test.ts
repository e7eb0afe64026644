import { describe, expect, it } from 'vitest'
import { bootstrapAccount } from '../../../src/aws/iam/bootstrap.ts'
import { iamIdentity } from '../../../src/aws/iam/identity.ts'
import { issueSession } from '../../../src/aws/iam/session.ts'
import { readSignature, verifySignature } from '../../../src/aws/wire/sigv4.ts'
import { signedHeaders } from '../../../src/containers/programs/curl-signature.ts'
import { Clock } from '../../../src/world/clock.ts'
import { World } from '../../../src/world/world.ts'

const ACCOUNT = '111122223333'
const EXAMPLE = {
  user: 'AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  method: 'GET',
  body: undefined,
}

/** Signs as `curl --aws-sigv4` does, and asks the services whose signature it is. */
function whose(option: string, address: string, body: string): string {
  const world = new World({ id: 'curl', seed: 's', clock: new Clock() })
  const keys = { accessKeyId: 'AKIADRYDOCKTESTADMIN', secretAccessKey: 'only-for-tests' }
  bootstrapAccount(world, { accountId: ACCOUNT, administrator: keys })
  const session = issueSession(world, iamIdentity(world, ACCOUNT).administrator(), 900)
  const url = new URL(address)
  const own = { 'x-amz-security-token': session.SessionToken!, 'content-type': 'application/x-amz-json-1.1' }
  const unsigned = { url, method: 'POST', headers: own, body: Buffer.from(body) }
  const user = `${session.AccessKeyId}:${session.SecretAccessKey}`
  const headers = {
    host: url.host,
    ...own,
    ...signedHeaders(option, { ...unsigned, user }, world.clock.hostNow()),
  }
  const request = {
    method: 'POST',
    path: url.pathname,
    query: url.search.slice(1),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    body: Buffer.from(body),
    sourceIp: '127.0.0.1',
    secure: true,
  }
  const options = { now: world.clock.hostNow(), services: ['ssm'], region: 'us-east-1' }
  return verifySignature(request, readSignature(request)!, iamIdentity(world, ACCOUNT), options).principal.arn
}

describe('curl --aws-sigv4', () => {
  it("gives AWS's own example its signature", () => {
    // https://github.com/awslabs/aws-c-auth: tests/aws-signing-test-suite/v4/get-vanilla
    const url = new URL('https://example.amazonaws.com/')
    const now = Date.UTC(2015, 7, 30, 12, 36)
    expect(signedHeaders('aws:amz:us-east-1:service', { ...EXAMPLE, url, headers: {} }, now)).toEqual({
      'x-amz-date': '20150830T123600Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    })
  })

  it('signs what the services take: paths, queries, bodies and session tokens; the host names service and region', () => {
    const address = "https://ssm.us-east-1.amazonaws.com/a%20b/c?z=1&a-b=2&a=it's+%c3%bc&flag"
    const administrator = expect.stringMatching(`^arn:aws:[a-z]+::${ACCOUNT}:`)
    expect(whose('aws:amz', address, '{"x":"ü"}')).toEqual(administrator)
    expect(whose('aws:amz:us-east-1:ssm', 'https://elsewhere.test/', '')).toEqual(administrator)
  })

  it('says what it cannot sign without', () => {
    const sign = (option: string, address: string) => () =>
      signedHeaders(option, { ...EXAMPLE, url: new URL(address), headers: {} }, 0)
    expect(sign('aws:amz', 'http://localhost/')).toThrow(
      expect.objectContaining({ code: 3, message: 'aws-sigv4: service missing in parameters and hostname' }),
    )
    expect(sign(':amz', 'http://a.b.c/')).toThrow(expect.objectContaining({ code: 43 }))
  })
})
