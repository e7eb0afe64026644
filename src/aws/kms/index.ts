export { managedKey } from './keys.ts'
export { keyDeletionController, kmsService } from './service.ts'
export { findKey } from './tables.ts'
