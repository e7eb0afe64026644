export const search = {
  title: 'Search',
  lead: 'Lessons, labs and the glossary.',
  label: 'Search the course',
  hint: 'Words, for example “pull limit”',
  shortcut: 'The key / leads here from every page, the arrow keys go through the results.',
  found: (n: number) => (n === 0 ? 'Nothing found.' : n === 1 ? '1 place found' : `${n} places found`),
  failed: 'The search could not be loaded. Is the server running?',
  kinds: { lesson: 'Lesson', lab: 'Lab', term: 'Glossary', path: 'Learning path' },
}
