import { timestamp } from '../../time.ts'
import { apiVersionOf, type Kind } from '../kinds/kind.ts'
import { modelOf } from '../schema/schema.ts'
import type { WriteOptions } from '../storage/objects.ts'
import type { StrategyContext } from '../storage/strategy.ts'
import { trackUpdate } from './managed-fields.ts'

/** Notes in `metadata.managedFields` what a create, update or patch of `manager` changes. */
export const trackerOf =
  (
    { schema, world }: StrategyContext,
    kind: Kind,
    manager: string,
    subresource?: string,
  ): NonNullable<WriteOptions['manage']> =>
  (object, old) =>
    trackUpdate(modelOf(schema, kind), object, old, {
      manager,
      operation: 'Update',
      apiVersion: apiVersionOf(kind),
      time: timestamp(world.clock.now()),
      ...(subresource && { subresource }),
    })
