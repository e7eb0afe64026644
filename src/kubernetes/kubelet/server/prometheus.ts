/** A number of a family, with its labels; `at`: when it was read, ms. */
export interface Sample {
  labels?: Record<string, string>
  value: number
  at?: number
}

/** Numbers of one name. */
export interface Family {
  name: string
  help: string
  type: 'counter' | 'gauge'
  samples: Sample[]
}

/** As Go's `strconv.FormatFloat(x, 'g', -1, 64)` writes a number. */
export function goFloat(value: number): string {
  if (value === 0) return '0'
  const exponent = Math.floor(Math.log10(Math.abs(value)))
  if (exponent >= -4 && exponent < 21 && Math.abs(value) < 1e6) return String(value)
  const [mantissa, power] = value.toExponential().split('e') as [string, string]
  const digits = power.slice(1).padStart(2, '0')
  return `${mantissa}e${power[0]}${digits}`
}

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

/** The text format of Prometheus: families by name, labels by name. Those without a number are left out. */
export function prometheusText(families: Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, help, type, samples }) => {
      const lines = samples.map(({ labels = {}, value, at }) => {
        const pairs = Object.keys(labels)
          .sort()
          .map((key) => `${key}="${escaped(labels[key]!)}"`)
        const set = pairs.length > 0 ? `{${pairs.join(',')}}` : ''
        return `${name}${set} ${goFloat(value)}${at === undefined ? '' : ` ${Math.floor(at)}`}`
      })
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`
    })
    .join('')
}
