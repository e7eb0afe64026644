const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Whether a pattern in which `*` stands for anything matches the whole text. */
export function wildcardMatches(pattern: string, text: string): boolean {
  return new RegExp(`^${pattern.split('*').map(escapeRegExp).join('.*')}$`).test(text)
}

/** Whether a repository is chosen by filters of scanning and signing: without a `*` a filter matches anywhere in the name. */
export function repositoryMatches(filters: readonly { filter?: string }[], repository: string): boolean {
  return filters.some(({ filter = '' }) =>
    filter.includes('*') ? wildcardMatches(filter, repository) : repository.includes(filter),
  )
}
