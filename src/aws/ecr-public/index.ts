export { type PublicCaller, PublicRegistryAccess } from './registry-access.ts'
export { PUBLIC_HOST, registryOf } from './repositories.ts'
export { ecrPublicService } from './service.ts'
