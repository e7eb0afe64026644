import type { Environment } from '@marcbachmann/cel-js'
import { type GoUrl, parseUrl, queryOf } from './go-url.ts'

// Source: k8s.io/apiserver/pkg/cel/library/urls.go, read 2026-11.

/** `kubernetes.URL` */
class Url {
  readonly parts: GoUrl
  readonly text: string
  constructor(text: string) {
    this.text = text
    try {
      this.parts = parseUrl(text)
    } catch (error) {
      throw new Error(`URL parse error during conversion from string: ${(error as Error).message}`)
    }
  }
}

const U = 'kubernetes.URL'

function isUrl(text: string): boolean {
  try {
    parseUrl(text)
    return true
  } catch {
    return false
  }
}

export function withUrls(environment: Environment): Environment {
  return environment
    .registerType(U, { ctor: Url, fields: {} })
    .registerFunction('isURL(string): bool', isUrl)
    .registerFunction(`url(string): ${U}`, (text: string) => new Url(text))
    .registerFunction(`${U}.getScheme(): string`, ({ parts }: Url) => parts.scheme)
    .registerFunction(`${U}.getHost(): string`, ({ parts }: Url) => parts.host)
    .registerFunction(`${U}.getHostname(): string`, ({ parts }: Url) => parts.hostname)
    .registerFunction(`${U}.getPort(): string`, ({ parts }: Url) => parts.port)
    .registerFunction(`${U}.getEscapedPath(): string`, ({ parts }: Url) => parts.path)
    .registerFunction(`${U}.getQuery(): map<string, list<string>>`, ({ parts }: Url) => queryOf(parts))
    .registerOperator(`${U} == ${U}`, (a: Url, b: Url) => a.text === b.text)
}
