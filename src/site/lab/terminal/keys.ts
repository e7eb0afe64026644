export type KeyAction = 'copy' | 'paste' | 'find' | 'leave'

/**
 * The keys that the page keeps for itself inside a terminal: copy, paste and find as desktop terminals have them,
 * and F6, which leaves the terminal (Tab belongs to the shell; WCAG 2.1.2 asks for a way out).
 */
export function keyAction({
  code,
  ctrlKey,
  shiftKey,
  altKey,
  metaKey,
}: Pick<KeyboardEvent, 'code' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'>): KeyAction | undefined {
  if (code === 'F6' && !ctrlKey && !altKey && !metaKey) return 'leave'
  if (!ctrlKey || !shiftKey || altKey || metaKey) return undefined
  if (code === 'KeyC') return 'copy'
  if (code === 'KeyV') return 'paste'
  if (code === 'KeyF') return 'find'
  return undefined
}
