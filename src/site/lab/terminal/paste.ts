/** Text without control characters: an ESC in it could end bracketed paste and run what follows. */
export function cleanPaste(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/\r\n?/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
}

/** Whether pasting it could run something: a line break anywhere. */
export function isSeveralLines(text: string): boolean {
  return text.includes('\n')
}
