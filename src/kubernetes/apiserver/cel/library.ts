import type { Environment } from '@marcbachmann/cel-js'
import { withAddresses } from './library/addresses.ts'
import { withFormats } from './library/formats.ts'
import { withLists, withSets } from './library/lists.ts'
import { withOptionals } from './library/optionals.ts'
import { withQuantities } from './library/quantities.ts'
import { withTexts } from './library/texts.ts'
import { withTimes } from './library/times.ts'
import { withTwoVariables } from './library/two-variables.ts'
import { withUrls } from './library/urls.ts'
import { withVersions } from './library/versions.ts'

const LIBRARIES = [
  withLists,
  withSets,
  withTexts,
  withTimes,
  withOptionals,
  withTwoVariables,
  withQuantities,
  withUrls,
  withAddresses,
  withFormats,
  withVersions,
]

/**
 * Functions that Kubernetes adds to CEL at 1.35. Source: k8s.io/apiserver/pkg/cel/environment/base.go says which libraries, of
 * k8s.io/apiserver/pkg/cel/library and of cel-go's extensions.
 */
export const withLibrary = (environment: Environment): Environment =>
  LIBRARIES.reduce((extended, extend) => extend(extended), environment)
