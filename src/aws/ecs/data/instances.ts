/**
 * Ports of a container instance that are not for tasks: SSH, Docker's and the agent's.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerInstance.html (from knowledge).
 */
export const RESERVED_PORTS = [22, 2375, 2376, 51_678, 51_679]

/** The ECS agent and Docker of the images below (from knowledge, 2026-11). */
export const AGENT = {
  agentVersion: '1.102.0',
  agentHash: '4db0a4bf',
  dockerVersion: 'DockerVersion: 25.0.14',
}

/** How long an instance takes from `running` until its agent has registered, ms (from knowledge). */
export const AGENT_START_MS = 40_000
/** How long the agent takes until it tries again after it was refused, ms. */
export const AGENT_RETRY_MS = 30_000

/** What the kernel and the system keep of an instance's memory (seen: t3.micro registers 952 of 1024 MiB; from knowledge). */
export const registeredMemory = (memoryMiB: number): number => Math.floor(memoryMiB * 0.965) - 36

/** Docker capabilities that an agent announces; tasks may require any of them. */
export const CAPABILITIES = [
  'ecs.capability.secrets.asm.environment-variables',
  'ecs.capability.branch-cni-plugin-version',
  'ecs.capability.secrets.asm.bootstrap.log-driver',
  'com.amazonaws.ecs.capability.logging-driver.none',
  'ecs.capability.ecr-endpoint',
  'com.amazonaws.ecs.capability.logging-driver.json-file',
  'com.amazonaws.ecs.capability.docker-remote-api.1.17',
  'com.amazonaws.ecs.capability.docker-remote-api.1.18',
  'com.amazonaws.ecs.capability.docker-remote-api.1.19',
  'com.amazonaws.ecs.capability.docker-remote-api.1.20',
  'com.amazonaws.ecs.capability.docker-remote-api.1.21',
  'com.amazonaws.ecs.capability.docker-remote-api.1.22',
  'com.amazonaws.ecs.capability.docker-remote-api.1.23',
  'com.amazonaws.ecs.capability.docker-remote-api.1.24',
  'com.amazonaws.ecs.capability.docker-remote-api.1.25',
  'com.amazonaws.ecs.capability.docker-remote-api.1.26',
  'com.amazonaws.ecs.capability.docker-remote-api.1.27',
  'com.amazonaws.ecs.capability.docker-remote-api.1.28',
  'com.amazonaws.ecs.capability.docker-remote-api.1.29',
  'com.amazonaws.ecs.capability.docker-remote-api.1.44',
  'ecs.capability.execution-role-awslogs',
  'ecs.capability.container-health-check',
  'ecs.capability.container-ordering',
  'ecs.capability.execution-role-ecr-pull',
  'ecs.capability.env-files.s3',
  'ecs.capability.secrets.ssm.environment-variables',
  'ecs.capability.secrets.ssm.bootstrap.log-driver',
  'ecs.capability.private-registry-authentication.secretsmanager',
  'ecs.capability.task-cpu-mem-limit',
  'ecs.capability.task-eni',
  'ecs.capability.pid-ipc-namespace-sharing',
  'ecs.capability.docker-plugin.local',
  'com.amazonaws.ecs.capability.ecr-auth',
  'com.amazonaws.ecs.capability.privileged-container',
  'com.amazonaws.ecs.capability.task-iam-role',
  'com.amazonaws.ecs.capability.task-iam-role-network-host',
  'com.amazonaws.ecs.capability.logging-driver.awslogs',
  'com.amazonaws.ecs.capability.logging-driver.syslog',
]

/** A task waits in vain for an interface on machines outside AWS. */
export const EC2_ONLY = ['ecs.capability.task-eni', 'ecs.capability.branch-cni-plugin-version']
