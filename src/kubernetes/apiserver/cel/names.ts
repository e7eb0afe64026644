// How property names are spelled in CEL. Source: k8s.io/apiserver/pkg/cel/escaping.go (rules as in the API reference of ValidationRule).

const KEYWORDS = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return void while var'.split(
    ' ',
  ),
)

const PARTS: Readonly<Record<string, string>> = { __: 'underscores', '.': 'dot', '-': 'dash', '/': 'slash' }

/** A property as an expression names it: `my-field` → `my__dash__field`; undefined for one that it cannot name. */
export function escaped(name: string): string | undefined {
  if (KEYWORDS.has(name)) return `__${name}__`
  const text = name.replace(/__|[.\-/]/g, (part) => `__${PARTS[part]}__`)
  return /^[A-Za-z_]\w*$/.test(text) ? text : undefined
}

/** The property that an expression names. */
export function unescaped(name: string): string {
  const keyword = /^__([a-z]+)__$/.exec(name)?.[1]
  if (keyword !== undefined && KEYWORDS.has(keyword)) return keyword
  return name.replace(
    /__(underscores|dot|dash|slash)__/g,
    (_, part: string) => Object.keys(PARTS).find((sign) => PARTS[sign] === part)!,
  )
}
