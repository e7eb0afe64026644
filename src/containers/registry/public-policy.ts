import { RegistryError, type RegistryPolicy } from './policy.ts'

/** A registry that anyone may pull from and nobody may push to; `exists` says which repositories there are. */
export function publicPolicy(exists: (repository: string) => boolean): RegistryPolicy {
  return {
    authenticate: () => undefined,
    authorize(_identity, action) {
      if (action !== 'pull')
        throw new RegistryError(403, 'DENIED', 'requested access to the resource is denied')
    },
    requireRepository(_identity, _action, repository) {
      if (exists(repository)) return
      throw new RegistryError(404, 'NAME_UNKNOWN', `repository name not known to registry`, {
        detail: { name: repository },
      })
    },
  }
}
