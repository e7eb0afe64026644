import type { OperationModel, ServiceModel } from './model.ts'
import type { WireRequest } from './request.ts'

export interface WireResponse {
  status: number
  headers: Record<string, string>
  /** Whole, or piece by piece: an event stream. */
  body: string | Uint8Array | AsyncIterable<Uint8Array>
}

/** An error ready for the wire. */
export interface WireError {
  /** The code in the Query protocols. */
  code: string
  /** The shape's name, which is the code in the others; the same for errors that are not modelled. */
  name: string
  message: string
  status: number
  fault: 'client' | 'server'
  /** Further members of the modelled shape, already in JSON form. */
  fields: Record<string, unknown>
}

/** A request matched to its operation; what the protocol learned on the way is kept for `read`. */
export interface Routed {
  operation: OperationModel
  state: unknown
}

/** One of AWS's protocols, seen from the server. */
export interface Protocol {
  /** Which operation is asked for; `undefined` when the service has none such. */
  route(model: ServiceModel, request: WireRequest): Routed | undefined
  /** Throws MalformedInput. */
  read(routed: Routed, request: WireRequest): Record<string, unknown>
  write(
    model: ServiceModel,
    operation: OperationModel,
    output: Record<string, unknown>,
    requestId: string,
  ): WireResponse
  error(model: ServiceModel, error: WireError, requestId: string): WireResponse
}
