import { ModelError } from './stack.ts'

/** Annotations under a prefix; of several objects the first that has one speaks. */
export class Annotations {
  readonly #prefix: string
  readonly #sources: (Record<string, string> | undefined)[]

  constructor(prefix: string, ...sources: (Record<string, string> | undefined)[]) {
    this.#prefix = prefix
    this.#sources = sources
  }

  text(name: string): string | undefined {
    for (const source of this.#sources) {
      const value = source?.[`${this.#prefix}/${name}`]
      if (value !== undefined) return value
    }
  }

  /** Comma-separated. */
  list(name: string): string[] | undefined {
    const value = this.text(name)
    return value
      ?.split(',')
      .map((part) => part.trim())
      .filter(Boolean)
  }

  /** `key=value,key=value` */
  map(name: string): Record<string, string> {
    const parts = (this.list(name) ?? []).map((part) => part.split(/=(.*)/s, 2))
    for (const [key, value] of parts) {
      if (value === undefined) {
        throw new ModelError(
          `failed to parse stringMap annotation, ${this.#prefix}/${name}: ${this.text(name)}`,
        )
      }
      void key
    }
    return Object.fromEntries(parts)
  }

  number(name: string, byDefault: number): number {
    const value = this.text(name)
    if (value === undefined) return byDefault
    if (!/^-?\d+$/.test(value)) {
      const why = `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`
      throw new ModelError(`failed to parse int64 annotation, ${this.#prefix}/${name}: ${value}: ${why}`)
    }
    return Number(value)
  }

  json(name: string): unknown {
    const value = this.text(name)
    if (value === undefined) return undefined
    try {
      return JSON.parse(value)
    } catch {
      throw new ModelError(`failed to parse json annotation, ${this.#prefix}/${name}: ${value}`)
    }
  }
}
