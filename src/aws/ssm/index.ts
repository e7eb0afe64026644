export { registerManagedInstance } from './activations.ts'
export { nameOf as parameterNameOf, parameterArn, plainParameter } from './parameters.ts'
export type * from './records.ts'
export { ssmService } from './service.ts'
export {
  acknowledgement,
  decodeMessage,
  encodeMessage,
  PAYLOAD,
  type SessionMessage,
} from './session-message.ts'
export { endSession } from './sessions.ts'
export { activations, managedInstances, parameters, sessions } from './tables.ts'
