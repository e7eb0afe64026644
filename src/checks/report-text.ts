import pc from 'picocolors'
import type { CheckReport, Finding } from './finding.ts'

/** A finding as lines of text: a mark and its title; for a failure everything that explains it. */
export function formatFinding(finding: Finding): string {
  if (finding.status === 'passed') {
    return `${pc.green('✓')} ${finding.title}${finding.observed ? pc.dim(` (${finding.observed})`) : ''}\n`
  }
  const details: [string, string | undefined][] = [
    ['expected', finding.expected],
    ['observed', finding.observed],
    ['to see it', finding.evidence],
    ['likely cause', finding.cause],
    ['next', finding.hint],
    ['lesson', finding.lesson],
  ]
  const lines = details
    .filter(([, text]) => text)
    .map(([name, text]) => `    ${pc.dim(name.padEnd(13))}${text}`)
  return `${pc.red('✗')} ${finding.title} ${pc.dim(`[${finding.id}]`)}\n${lines.map((line) => `${line}\n`).join('')}`
}

/** A report as text: its verdict and all findings. */
export function formatReport(report: CheckReport): string {
  const verdict = {
    passed: pc.green('passed'),
    failed: pc.red('failed'),
    error: pc.yellow('could not be checked'),
  }[report.status]
  return `${pc.bold(report.step)}: ${verdict} ${pc.dim(`${report.duration} ms`)}\n${report.findings
    .map((finding) => `  ${formatFinding(finding).trimEnd().replaceAll('\n', '\n  ')}\n`)
    .join('')}`
}
