/** The letters of generated names in Kubernetes: no vowels, and nothing that looks like another. */
const SAFE = '[bcdfghjklmnpqrstvwxz2456789]'

/** What differs from run to run, and what stands for it. In order: the longer first. */
const RULES: [RegExp, string][] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|UTC|[+-]\d\d:?\d\d))?/g, 'TIME'],
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun),? \w{3} \d{1,2},? [\d: ]{13,}( [+-]\d{4})?( GMT| UTC)?/g, 'TIME'],
  [/\b\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d( [+-]\d{4})?/g, 'TIME'],
  [/\b[IWE]\d{4} \d\d:\d\d:\d\d\.\d+/g, 'TIME'],
  [/\b(\d{4})\/\d\d\/\d\d \d\d:\d\d:\d\d/g, 'TIME'],
  [/\b1[6-9]\d{8}(\.\d+)?\b/g, 'TIME'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, 'UUID'],
  [/sha256:[0-9a-f]{12,64}/g, 'sha256:DIGEST'],
  [/\b[0-9A-F]{32}\b/g, 'ID'],
  [/\b(ip|i|eni|sg|sgr|vpc|subnet|vol|lt|ami|igw|rtb|acl|eipalloc|fp|a)-[0-9a-f]{6,17}\b/g, '$1-ID'],
  // eksctl's name of a node group.
  [/\bng-[0-9a-f]{8}\b/g, 'ng-ID'],
  [/\b(fargate-)?ip-\d+-\d+-\d+-\d+\b/g, '$1ip-ADDRESS'],
  [/\b(AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,17}\b/g, '$1ID'],
  [/\b[0-9a-f]{12,64}\b/g, 'ID'],
  [/\b\d{12}\b/g, 'ACCOUNT'],
  [/\b(?:\d{1,3}\.){3}\d{1,3}\b/g, 'ADDRESS'],
  [/\b[0-9a-f]{32}(-\d+)?\./g, 'ID.'],
  [new RegExp(`-${SAFE}{8,10}-${SAFE}{5}\\b`, 'g'), '-HASH-ID'],
  [new RegExp(`-${SAFE}{8,10}\\b(?=[ "'\\]/]|$)`, 'gm'), '-HASH'],
  [new RegExp(`-${SAFE}{5}\\b`, 'g'), '-ID'],
  [/\bh(ar)?bor-[A-Z]\w+/g, 'STACK'],
  [/\((\d+[smhd])+ ago\)/g, '(AGE ago)'],
  [/(?<![\w.-])(\d+[smhd])+(?![\w-])/g, 'AGE'],
  [/<unknown>\/(\d+)%/g, 'USE%/$1%'],
  [/\b\d+%\/(\d+)%/g, 'USE%/$1%'],
  [/\b\d+(\.\d+)? ?(seconds?|minutes?|ms|µs)\b/gi, 'DURATION'],
  [/Less than a second/g, 'DURATION'],
  [/\b(About )?an? (minute|second)\b/gi, 'DURATION'],
  [/:(3\d{4})\//g, ':PORT/'],
  [/\b\d+ \(AGE ago\)/g, 'RESTARTS'],
  // How often a wait tells of itself depends on how long it is.
  [/^Waiting for (deployment|daemon set|statefulset|\d+ pods).*\n/gm, ''],
  // Go says it or not, by which of its two clocks is first.
  [/ \(Client\.Timeout exceeded while awaiting headers\)/g, ''],
  // Columns are as wide as what stands in them.
  [/[ \t]+/g, ' '],
  [/-{4,}/g, '----'],
]

/** An output with what differs between two right runs (ids, addresses, ages, dates, widths of columns) replaced by names for it. */
export function normalise(output: string): string {
  let text = output
  for (const [pattern, name] of RULES) text = text.replace(pattern, name)
  return text
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim()
}
