export const home = {
  title: 'Build it in the dry dock first',
  lead: 'Drydock puts a real terminal beside the lesson. You type real aws, kubectl and docker commands; a simulated cloud on your own machine answers as AWS does, and every step is checked with evidence.',
  start: 'Start “Your first EKS cluster”',
  startPlain: 'See the labs',
  browse: 'Browse the lessons',
  exampleCaption: 'Example: step 2 of the first lab',
  exampleVerdict: 'Step 2 done: the cluster is ACTIVE, and both nodes of its node group are Ready.',
  points: [
    {
      title: 'Real tools',
      text: 'The official aws, kubectl, helm and docker clients. No flag you would not type on AWS.',
    },
    { title: 'No bill, no account', text: 'The cloud is simulated on this machine. It works on a train.' },
    {
      title: 'Proof, step by step',
      text: 'A check says what it expected, what it saw, and the command that shows it. The same checks run against real AWS.',
    },
  ],
  howTitle: 'How it works',
  howText:
    'The tools in your terminal talk to the names they always talk to. A proxy leads those names to a simulated account, whose parts depend on one another as on AWS: the image you push is the image the node pulls. Checks ask the same public APIs that you do.',
  how: {
    title: 'How Drydock works',
    description:
      'From left to right: your terminal with aws, kubectl and docker; a proxy on this machine that answers for the real host names; the simulated AWS account with EKS, ECR, IAM and a load balancer. Below, the checks ask the same APIs and report back to the page.',
    terminal: 'Your terminal',
    terminalSub: 'aws · kubectl · docker',
    proxy: 'Lab network',
    proxySub: 'the real host names',
    account: 'A simulated AWS account',
    checks: 'Checks',
    checksSub: 'ask the same APIs, show evidence',
  },
  tracksTitle: 'Tracks',
  tracksText:
    'From one container that dies to a night on call. Each lab stands alone; the numbers say where most of them are.',
  planned: 'Planned',
  labsReady: (n: number) => (n === 1 ? '1 lab ready' : `${n} labs ready`),
  honestTitle: 'What is simulated, and what is not',
  honestText:
    'The command-line tools are the real ones. AWS, the cluster and the containers are simulated: commands, outputs, errors and timing follow the real services, provisioning is about 40 times faster, and what is left out is listed in FIDELITY.md and answers with an error that says so.',
}

/** In the course's order. */
export const tracks = {
  orchestration: {
    title: 'Why orchestrate',
    text: 'What a container engine alone lacks, and what an orchestrator adds: one container dies on Docker, then on Kubernetes.',
  },
  eks: {
    title: 'Kubernetes and EKS',
    text: 'Set up EKS by hand and the short way; what AWS manages and what stays yours; nodes, access, storage, upgrades.',
  },
  registries: {
    title: 'ECR and Docker Hub',
    text: 'The same image in both: login, names, policies, limits, scanning, price.',
  },
  ecs: {
    title: 'ECS and EKS',
    text: 'The same service twice, then the difference: tasks and pods, Fargate and nodes, healing and scaling.',
  },
  kubernetes: {
    title: 'What Kubernetes gives beyond',
    text: 'Namespaces, RBAC, Secrets and TLS, probes, Helm, custom resources, autoscaling.',
  },
  'on-call': {
    title: 'On call',
    text: 'Incident drills over all tracks: read the symptom, find the cause, mend it without collateral damage.',
  },
}

export const aside = { note: 'Note', caution: 'Take care', myth: 'A common belief' }
