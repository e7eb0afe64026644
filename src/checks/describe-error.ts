import type { Finding } from './finding.ts'
import type { Target } from './target.ts'

/** Turns an exception of a check's clients into a finding: what happened, why, what to do next. */
export function describeError(error: unknown, target: Target): Finding {
  const { name = 'Error', message = String(error), code } = error as NodeJS.ErrnoException
  const observed = message.startsWith(name) ? message : `${name}: ${message}`
  const known = explanation(name, String(code), target)
  return {
    id: known?.id ?? 'check-error',
    status: 'failed',
    title: 'The check could run',
    observed,
    ...known,
  }
}

function explanation(
  name: string,
  code: string,
  target: Target,
): Pick<Finding, 'id' | 'cause' | 'hint'> | undefined {
  if (['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT'].includes(code)) {
    return target.kind === 'simulated'
      ? {
          id: 'target-unreachable',
          cause: 'The simulated cloud does not answer; it may be starting again.',
          hint: 'Wait a few seconds and check again. If it stays so, run "drydock doctor".',
        }
      : {
          id: 'target-unreachable',
          cause: 'The address could not be reached from this machine.',
          hint: 'Check your network, VPN and proxy settings; the same aws or kubectl command should fail too.',
        }
  }
  if (['CredentialsProviderError', 'ExpiredToken', 'ExpiredTokenException'].includes(name)) {
    return {
      id: 'no-credentials',
      cause: 'The AWS SDK found no valid credentials.',
      hint: 'Run "aws sts get-caller-identity" in this shell and repair the profile until it answers.',
    }
  }
  if (/^(AccessDenied|UnauthorizedOperation|AuthFailure|InvalidClientTokenId|Unrecognized)/.test(name)) {
    return {
      id: 'not-authorized',
      cause: 'The keys that the check uses may not make this call.',
      hint: 'The check reads only. Give its principal read access (the policy ReadOnlyAccess is enough) and check again.',
    }
  }
  if (name === 'KubeConfigError') {
    return {
      id: 'kubeconfig-refused',
      cause: '~/.kube/config cannot be used by a check: it is broken, or the entry was changed by hand.',
      hint: 'Write the entry again as the cluster gives it, such as with "kind export kubeconfig", and check again.',
    }
  }
  if (code === '401' || code === '403') {
    return {
      id: 'cluster-refused',
      cause: 'The cluster does not know the principal that runs the check, or gives it no rights.',
      hint: 'Run the check as the principal that created the cluster, or give this one an access entry.',
    }
  }
  return undefined
}
