import { defineChecker } from '#checks/checker.ts'
import { expired, immutable } from './on-call/ecr.ts'
import { circuitBreaker, secret } from './on-call/ecs.ts'
import { nodeAccess, podRole } from './on-call/eks.ts'
import { crash, noEndpoints, oom, quota } from './on-call/kubernetes.ts'

export default defineChecker({
  lab: 'on-call',
  steps: {
    crash,
    'no-endpoints': noEndpoints,
    oom,
    quota,
    'node-access': nodeAccess,
    'pod-role': podRole,
    expired,
    immutable,
    'circuit-breaker': circuitBreaker,
    secret,
  },
})
