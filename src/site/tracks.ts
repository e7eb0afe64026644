/** The course's tracks in order, as the start page shows them. A track is ready when it has a lab. */
export const tracks = [
  {
    id: 'orchestration',
    title: 'Why orchestrate',
    text: 'What a container engine alone lacks, and what an orchestrator adds: one container dies on Docker, then on Kubernetes.',
  },
  {
    id: 'eks',
    title: 'Kubernetes and EKS',
    text: 'Set up EKS by hand and the short way; what AWS manages and what stays yours; nodes, access, storage, upgrades.',
  },
  {
    id: 'registries',
    title: 'ECR and Docker Hub',
    text: 'The same image in both: login, names, policies, limits, scanning, price.',
  },
  {
    id: 'ecs',
    title: 'ECS and EKS',
    text: 'The same service twice, then the difference: tasks and pods, Fargate and nodes, healing and scaling.',
  },
  {
    id: 'kubernetes',
    title: 'What Kubernetes gives beyond',
    text: 'Namespaces, RBAC, Secrets and TLS, probes, Helm, custom resources, autoscaling.',
  },
  {
    id: 'on-call',
    title: 'On call',
    text: 'Incident drills over all tracks: read the symptom, find the cause, mend it without collateral damage.',
  },
] as const
