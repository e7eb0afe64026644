/** A fenced block of a lesson or a step: ` ```sh exit=1 until="2/2" `. */
export interface Fence {
  /** `sh`, `yaml`. */
  language: string
  /** What stands behind the language; a word without a value is `true`. */
  attributes: Record<string, string | true>
  text: string
  /** Where it begins, from 1. */
  line: number
}

const FENCE = /^```([a-z]+)?([^\n]*)\n([\s\S]*?)^```$/gm
const ATTRIBUTE = /([a-z]+)(?:=(?:"([^"]*)"|(\S+)))?/g

/** The fenced blocks of an MDX text, in order. */
export function fences(mdx: string): Fence[] {
  return [...mdx.matchAll(FENCE)].map(({ 1: language = '', 2: meta, 3: text, index }) => ({
    language,
    attributes: fenceAttributes(meta!),
    text: text!,
    line: mdx.slice(0, index).split('\n').length,
  }))
}

/** `norun="why" id=first` as an object. */
export function fenceAttributes(meta: string): Fence['attributes'] {
  return Object.fromEntries(
    [...meta.matchAll(ATTRIBUTE)].map(([, name, quoted, plain]) => [name, quoted ?? plain ?? true]),
  )
}

/** By what the recorded output of a lesson's block is found: its commands, and its id if it has one. */
export const outputKey = (commands: string, id: unknown) => `${id ?? ''}\0${commands}`
