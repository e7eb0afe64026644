const TAB = 8

/** Columns aligned by tab characters, as Go's tabwriter makes them. */
export function tabulate(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => {
    const longest = Math.max(...rows.map((row) => row[column]!.length))
    return Math.ceil((longest + 1) / TAB) * TAB
  })
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          if (column === row.length - 1) return cell
          return cell + '\t'.repeat(Math.ceil((widths[column]! - cell.length) / TAB))
        })
        .join(''),
    )
    .map((line) => `${line}\n`)
    .join('')
}

/** Prints a listing as a table, JSON or YAML. */
export async function print(
  output: string,
  header: string[],
  rows: string[][],
  items: unknown[],
): Promise<void> {
  if (output === 'json') process.stdout.write(`${JSON.stringify(items, null, 4)}\n`)
  else if (output === 'yaml') process.stdout.write((await import('yaml')).stringify(items))
  else process.stdout.write(tabulate([header, ...rows]))
}
