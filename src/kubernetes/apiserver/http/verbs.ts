import { Pending } from '#world/controller.ts'
import type { Entry } from '#world/store.ts'
import { isTurnOver, turn } from '#world/turns.ts'
import { StatusError } from '../../api.ts'
import { badRequest, methodNotAllowed, notFound } from '../errors.ts'
import type { Json, Obj } from '../json.ts'
import { conversionFrom } from '../kinds/conversion.ts'
import { apiVersionOf, type Verb } from '../kinds/kind.ts'
import { DecodeError, decode, type Reader } from '../schema/decode.ts'
import type { Schema } from '../schema/schema.ts'
import type { DeleteRequest } from '../storage/deletion.ts'
import { objectOf } from '../storage/entries.ts'
import type { Objects } from '../storage/objects.ts'
import { duplicatesIn, readNeeded, readObject } from './body.ts'
import type { Call } from './call.ts'
import { listPage } from './list.ts'
import { requestOptions, writeOptions } from './manager.ts'
import { flagIn, numberIn, writeQuery } from './options.ts'
import { patchCall } from './patch.ts'
import { sendJson, sendPieces, sendText, warn } from './reply.ts'
import { representation } from './representation.ts'
import type { Subresources } from './subresources.ts'
import { serveWatch } from './watch.ts'

/** The verbs on API objects. */
export class Verbs {
  readonly #objects: Objects
  readonly #subresources: Subresources
  readonly #stopped: AbortSignal

  constructor(objects: Objects, subresources: Subresources, stopped: AbortSignal) {
    this.#objects = objects
    this.#subresources = subresources
    this.#stopped = stopped
  }

  /** Answers a call, again after each time that it had to wait for webhooks. */
  async serveAdmitted(call: Call): Promise<void> {
    for (;;) {
      try {
        return await this.serve(call)
      } catch (error) {
        if (!(error instanceof Pending)) throw error
        await error.settled
        call.res.removeHeader('warning')
      }
    }
  }

  async serve(call: Call): Promise<void> {
    const { info, kind, subresource } = call
    const allowed: readonly string[] = subresource ? subresource.verbs : kind.verbs
    if (!allowed.includes(info.verb as Verb)) throw methodNotAllowed()
    if (kind.deprecated) warn(call.res, kind.deprecated)
    if (subresource && subresource.name !== 'status') return this.#subresources.serve(call)
    if (kind.virtual) return this.#subresources.serveVirtual(call)
    switch (info.verb) {
      case 'get':
        return this.#get(call)
      case 'list':
        return this.#list(call)
      case 'watch':
        return serveWatch(call, this.#objects, this.#stopped)
      case 'create':
        return this.#create(call)
      case 'update':
        return this.#update(call)
      case 'patch':
        return this.#patch(call)
      case 'delete':
        return this.#delete(call)
      default:
        return this.#deleteCollection(call)
    }
  }

  #get(call: Call): void {
    const { stored, info } = call
    const entry = this.#objects.get(stored, info.namespace, info.name)
    if (!entry) throw notFound(call.kind, info.name)
    sendText(call.req, call.res, 200, this.#form(call).one(entry))
  }

  #list(call: Call): Promise<void> {
    const { kind, stored, info } = call
    const { entries, meta } = listPage(this.#objects, kind, stored, info.namespace, info.query)
    return sendPieces(call.req, call.res, 200, this.#form(call).list(entries, meta))
  }

  async #create(call: Call): Promise<void> {
    const { kind, stored, info } = call
    if (info.name) throw methodNotAllowed()
    if (kind.terminating) {
      const why = 'create not allowed while custom resource definition is terminating'
      throw new StatusError(405, 'MethodNotAllowed', why, { group: kind.group, kind: kind.plural })
    }
    const query = writeQuery(info.query, 'CreateOptions')
    const object = this.#decode(call, await readNeeded(call.req, this.#objects.context.schema, kind.kind))
    if (kind.namespaced && !info.namespace)
      throw badRequest('an empty namespace may not be set during creation')
    checkNamespace(call, object)
    const options = writeOptions(call, this.#objects, query)
    call.named = object.metadata?.name
    const entry = this.#objects.create(stored, info.namespace, object, options)
    await this.#answer(call, 201, entry)
  }

  async #update(call: Call): Promise<void> {
    const { info, kind, stored } = call
    const query = writeQuery(info.query, 'UpdateOptions')
    const object = this.#decode(call, await readNeeded(call.req, this.#objects.context.schema, kind.kind))
    checkNamespace(call, object)
    const name = object.metadata?.name
    if (name !== info.name) {
      throw badRequest(
        name
          ? `the name of the object (${name}) does not match the name on the URL (${info.name})`
          : `name must be provided`,
      )
    }
    const options = { ...writeOptions(call, this.#objects, query), ...subresourceOf(call) }
    const entry = this.#objects.update(stored, info.namespace, info.name, () => object, options)
    await this.#answer(call, 200, entry)
  }

  async #patch(call: Call): Promise<void> {
    const { entry, created } = await patchCall(call, this.#objects, (object, reader) =>
      decodeBody(this.#objects, call, object, reader),
    )
    await this.#answer(call, created ? 201 : 200, entry)
  }

  async #delete(call: Call): Promise<void> {
    const { stored, kind, info } = call
    const { request, dryRun } = await deleteRequest(call, this.#objects.context.schema)
    const options = requestOptions(call, dryRun)
    const { entry, gone } = this.#objects.delete(stored, info.namespace, info.name, request, options)
    await this.#objects.context.world.store.flushed()
    if (kind.returnsDeleted || !gone) return sendText(call.req, call.res, 200, this.#form(call).one(entry))
    sendJson(call.req, call.res, 200, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: {
        name: info.name,
        ...(kind.group && { group: kind.group }),
        kind: kind.plural,
        uid: objectOf(entry).metadata.uid,
      },
    })
  }

  async #deleteCollection(call: Call): Promise<void> {
    const { stored, kind, info } = call
    const { request, dryRun } = await deleteRequest(call, this.#objects.context.schema)
    const { entries, meta } = listPage(this.#objects, kind, stored, info.namespace, info.query)
    await turn()
    for (const entry of entries) {
      // A collection may be large: others get their turns in between.
      if (isTurnOver()) await turn()
      const { name, namespace = '' } = objectOf(entry).metadata
      try {
        this.#objects.delete(stored, namespace, name, request, requestOptions(call, dryRun))
      } catch (error) {
        // Somebody else deleted it first.
        if (!(error instanceof StatusError) || error.code !== 404) throw error
      }
    }
    await this.#objects.context.world.store.flushed()
    return sendPieces(call.req, call.res, 200, this.#form(call).list(entries, meta))
  }

  async #answer(call: Call, code: number, entry: Entry): Promise<void> {
    await this.#objects.context.world.store.flushed()
    sendText(call.req, call.res, code, this.#form(call).one(entry))
  }

  #form(call: Call) {
    return representation(call.req, call.kind, () => this.#objects.context.world.clock.now(), call.info.query)
  }

  /** The client's object in the form of storage. Throws BadRequest. */
  #decode(call: Call, value: Obj): Obj {
    return decodeBody(this.#objects, call, value)
  }
}

const subresourceOf = (call: Call) => (call.subresource ? { subresource: call.subresource.name } : {})

/** Checks `apiVersion` and `kind`, decodes, treats unknown fields as the request asks. Throws BadRequest. */
export function decodeBody(objects: Objects, call: Call, value: Obj, reader?: Reader): Obj {
  const { kind, stored, info, res } = call
  const wanted = apiVersionOf(kind)
  if ((value.apiVersion ?? wanted) !== wanted || (value.kind ?? kind.kind) !== kind.kind) {
    throw badRequest(
      `${value.kind} in version ${JSON.stringify(value.apiVersion)} cannot be handled as a ${kind.kind}: the object provided is unrecognized (must be of type ${kind.kind})`,
    )
  }
  const { object, unknown } = decode(objects.context.schema, kind, value, reader)
  const mode = info.query.get('fieldValidation') || 'Warn'
  const duplicates = mode === 'Ignore' ? [] : duplicatesIn(value)
  const texts = [...unknown.map((path) => `unknown field ${JSON.stringify(path)}`), ...duplicates]
  reportFields(call, texts, mode, (text) => warn(res, text))
  return kind.storedAs ? conversionFrom(kind, stored)(object) : object
}

function reportFields(call: Call, texts: string[], mode: string, warning: (text: string) => void): void {
  if (mode === 'Warn') for (const text of texts) warning(text)
  if (mode !== 'Strict' || texts.length === 0) return
  throw new DecodeError(call.kind, `strict decoding error: ${texts.join(', ')}`)
}

function checkNamespace(call: Call, object: Obj): void {
  const given = object.metadata?.namespace
  if (!call.kind.namespaced || !given || given === call.info.namespace) return
  throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
}

/** The options of a delete, from its body and, where that says nothing, its query. */
async function deleteRequest(
  call: Call,
  schema: Schema,
): Promise<{ request: DeleteRequest; dryRun: boolean }> {
  const { query } = call.info
  const body: Json = (await readObject(call.req, schema)) ?? {}
  const grace = body.gracePeriodSeconds ?? numberIn(query, 'gracePeriodSeconds')
  const policy = body.propagationPolicy ?? query.get('propagationPolicy') ?? undefined
  const orphan =
    body.orphanDependents ?? (query.has('orphanDependents') ? flagIn(query, 'orphanDependents') : undefined)
  const dryRun = [...(body.dryRun ?? []), ...query.getAll('dryRun')]
  return {
    dryRun: dryRun.includes('All'),
    request: {
      ...(grace !== undefined && { gracePeriodSeconds: grace }),
      ...(policy && { propagationPolicy: policy }),
      ...(orphan !== undefined && { orphanDependents: orphan }),
      ...(body.preconditions && { preconditions: body.preconditions }),
    },
  }
}
