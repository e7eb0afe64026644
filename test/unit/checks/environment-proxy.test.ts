import { expect, it } from 'vitest'
import { environmentProxy } from '#checks/environment-proxy.ts'

const url = 'https://ABC.gr7.us-east-1.eks.amazonaws.com'
const HTTPS_PROXY = 'http://proxy:3128'

it.each([
  ['no proxy', {}, undefined],
  ['a proxy', { HTTPS_PROXY }, HTTPS_PROXY],
  ['in lower case', { https_proxy: HTTPS_PROXY }, HTTPS_PROXY],
  ['a domain that goes directly', { HTTPS_PROXY, NO_PROXY: 'localhost,.amazonaws.com' }, undefined],
  ['another domain', { HTTPS_PROXY, NO_PROXY: 'example.com,azonaws.com' }, HTTPS_PROXY],
  ['everything directly', { HTTPS_PROXY, NO_PROXY: '*' }, undefined],
])('reads the environment as the tools do: %s', (_name, env, expected) => {
  expect(environmentProxy(url, env as NodeJS.ProcessEnv)).toBe(expected)
})
