/** A place in a policy's text, as the policy simulator counts: both from 1. */
export interface Position {
  Line: number
  Column: number
}

/**
 * Where each statement stands in a policy's text: after its opening brace and after its closing one.
 * Read from what the AWS CLI's examples of simulate-custom-policy print.
 */
export function statementSpans(text: string): { start: Position; end: Position }[] {
  const spans: { start: Position; end: Position }[] = []
  const open: number[] = []
  let key = ''
  let inStatements: number | undefined
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token[0] === '"') {
      if (open.length === 1 && /^\s*:/.test(text.slice(index + token.length))) key = token
    } else if (token === '{' || token === '[') {
      if (inStatements === undefined && open.length === 1 && key === '"Statement"')
        inStatements = open.length + (token === '[' ? 1 : 0)
      open.push(index)
    } else {
      const start = open.pop()!
      if (token === '}' && open.length === inStatements)
        spans.push({ start: positionAfter(text, start), end: positionAfter(text, index) })
      if (inStatements !== undefined && open.length === 1) inStatements = undefined
    }
  }
  return spans
}

function positionAfter(text: string, index: number): Position {
  const before = text.slice(0, index).split('\n')
  return { Line: before.length, Column: before.at(-1)!.length + 2 }
}
