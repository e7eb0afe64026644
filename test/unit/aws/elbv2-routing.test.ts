import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { matches } from '../../../src/aws/elbv2/probe.ts'
import type { ListenerRecord, RuleRecord } from '../../../src/aws/elbv2/records.ts'
import { actionFor, redirectLocation, routedRequest } from '../../../src/aws/elbv2/routing.ts'
import { filterPattern } from '../../../src/aws/logs/pattern.ts'

const fixed = (MessageBody: string) => ({
  Type: 'fixed-response' as const,
  FixedResponseConfig: { StatusCode: '200', MessageBody },
})
const listener = { defaultActions: [fixed('default')] } as unknown as ListenerRecord

/** What a listener with one rule answers to a request. */
function answered(conditions: RuleRecord['conditions'], request: Partial<IncomingMessage>): string {
  const rule = { conditions, actions: [fixed('rule')] } as unknown as RuleRecord
  const req = { method: 'GET', url: '/', headers: {}, ...request } as IncomingMessage
  const action = actionFor(listener, [rule], routedRequest(req, '203.0.113.10'))
  return action.FixedResponseConfig!.MessageBody!
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
describe('the conditions of a rule', () => {
  it('compare paths with their case and without the query', () => {
    const path = [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/api/*', '/v?'] } }]
    expect(answered(path, { url: '/api/users?page=2' })).toBe('rule')
    expect(answered(path, { url: '/v2' })).toBe('rule')
    expect(answered(path, { url: '/API/users' })).toBe('default')
    expect(answered(path, { url: '/x?/api/' })).toBe('default')
  })

  it('compare hosts without their case and port', () => {
    const host = [{ Field: 'host-header', HostHeaderConfig: { Values: ['*.example.com'] } }]
    expect(answered(host, { headers: { host: 'Shop.Example.com:8080' } })).toBe('rule')
    expect(answered(host, { headers: { host: 'example.com' } })).toBe('default')
  })

  it('must all hold', () => {
    const both = [
      { Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'X-Team', Values: ['blue*'] } },
      { Field: 'query-string', QueryStringConfig: { Values: [{ Key: 'v', Value: '2' }] } },
      { Field: 'source-ip', SourceIpConfig: { Values: ['203.0.113.0/24'] } },
    ]
    expect(answered(both, { url: '/?v=2', headers: { 'x-team': 'Blue-1' } })).toBe('rule')
    expect(answered(both, { url: '/?v=1', headers: { 'x-team': 'blue-1' } })).toBe('default')
  })
})

it('redirects with the parts of the request', () => {
  const action = {
    Type: 'redirect' as const,
    RedirectConfig: {
      StatusCode: 'HTTP_301' as const,
      Protocol: 'HTTPS',
      Port: '443',
      Host: '#{host}',
      Path: '/#{path}',
      Query: '#{query}',
    },
  }
  const request = { host: 'shop.example.com', path: '/a/b', query: 'x=1', port: 80, protocol: 'HTTP' }
  expect(redirectLocation(action, request)).toBe('https://shop.example.com:443/a/b?x=1')
})

it('matches the codes of a health check by lists and ranges', () => {
  expect([200, 204, 301, 404].map((code) => matches(code, '200-299,301'))).toEqual([true, true, true, false])
})

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForUnstructuredLogs.html
it('filters log events by their terms', () => {
  const lines = ['ERROR 400 BAD REQUEST', 'ERROR 419 MISSING ARGUMENTS', 'WARN disk']
  const kept = (pattern: string) => lines.filter(filterPattern(pattern)).length
  expect(kept('ERROR')).toBe(2)
  expect(kept('ERROR ARGUMENTS')).toBe(1)
  expect(kept('ERROR -400')).toBe(1)
  expect(kept('?WARN ?400')).toBe(2)
  expect(kept('"BAD REQUEST"')).toBe(1)
})
