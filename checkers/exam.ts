import { defineChecker } from '#checks/checker.ts'
import { rollback, service, taskDefinition } from './exam/ecs.ts'
import { access, nodes } from './exam/eks.ts'
import { deploy, mend, namespace, readiness, resources, secret, settings } from './exam/pods.ts'
import { lifecycle, repository } from './exam/registry.ts'
import { autoscale, disruptions, expose, job, quota, rbac } from './exam/rules.ts'

export default defineChecker({
  lab: 'exam',
  steps: {
    namespace,
    deploy,
    expose,
    settings,
    secret,
    readiness,
    resources,
    autoscale,
    disruptions,
    job,
    quota,
    mend,
    rbac,
    access,
    nodes,
    repository,
    lifecycle,
    'task-definition': taskDefinition,
    service,
    rollback,
  },
})
