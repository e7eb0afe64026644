import type { Program } from '#containers/processes/process.ts'
import type { Machines } from './machines.ts'

/** A part of a control plane that runs, or ran, on a machine. */
export interface ControlPlanePart {
  /** `kube-scheduler` */
  name: string
  /** Name of the machine, and id of the container that it is; the parts of a machine that is removed go with it. */
  machine: string
  container: string
  running: boolean
}

/** Whether an API server of a cluster answers. */
export interface ControlPlaneState {
  answers: boolean
}

const PARTS = 'control-plane-parts/'
const STATES = 'control-planes/'

export const controlPlaneParts = (machine = ''): string => (machine ? `${PARTS}${machine}/` : PARTS)
export const controlPlaneState = (cluster: string): string => `${STATES}${cluster}`

/** Writes down while a program runs that a part of a control plane does, and afterwards that it stopped. */
export const asPart =
  (machines: Machines, name: string, program: Program): Program =>
  async (process) => {
    const node = machines.at(process.machine.address)
    if (!node) return program(process)
    const close = machines.partUp(node.name, name)
    void process.exited.then(close)
    return program(process)
  }
