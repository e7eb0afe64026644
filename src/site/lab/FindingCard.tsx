import type { Finding } from '#checks/finding.ts'
import { href } from '../href.ts'
import { t } from '../i18n/index.ts'
import { CommandActions } from './CommandActions.tsx'

/** A finding that failed, in full: expected, observed, evidence, cause, hint, lesson. Checks speak English. */
export function FindingCard({ finding }: { finding: Finding }) {
  const { title, expected, observed, evidence, cause, hint, lesson } = finding
  return (
    <div class="finding">
      <h4 lang="en">{title}</h4>
      <dl>
        {expected && <Row name={t.check.expected}>{expected}</Row>}
        {observed && <Row name={t.check.observed}>{observed}</Row>}
        {cause && <Row name={t.check.cause}>{cause}</Row>}
      </dl>
      {evidence && <Evidence command={evidence} />}
      {hint && (
        <details class="hint">
          <summary>{t.check.hint}</summary>
          <p lang="en">{hint}</p>
        </details>
      )}
      {lesson && (
        <p>
          <a href={href(lesson)} target="_blank" rel="noopener">
            {t.check.lesson}
          </a>
        </p>
      )}
    </div>
  )
}

function Row({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd lang="en">{children}</dd>
    </div>
  )
}

function Evidence({ command }: { command: string }) {
  return (
    <div class="evidence">
      <p>{t.check.evidence}</p>
      <div class="code-block">
        <pre class="code">{command}</pre>
        <CommandActions command={command} />
      </div>
    </div>
  )
}
