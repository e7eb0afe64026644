/** A name as the AWS CLI writes it: `DescribeDBInstances` → `describe-db-instances`. Models botocore's `xform_name`. */
export function cliName(name: string): string {
  return name
    .replace(/(.)([A-Z][a-z]+)/g, '$1-$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
}

/** The AWS CLI's command for a call: `aws eks describe-cluster --name demo`. */
export function cliCommand(service: string, operation: string, input: Record<string, unknown>): string {
  const options = Object.entries(input)
    .filter(([, value]) => value !== undefined)
    .map(([member, value]) => ` --${cliName(member)}${optionValue(value)}`)
  return `aws ${service} ${cliName(operation)}${options.join('')}`
}

function optionValue(value: unknown): string {
  if (value === true) return ''
  if (!Array.isArray(value)) return ` ${quoted(shorthand(value))}`
  return value.map((item) => ` ${quoted(shorthand(item))}`).join('')
}

/** https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-shorthand.html */
function shorthand(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([member, inner]) => `${member}=${[inner].flat().join(',')}`)
    .join(',')
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
