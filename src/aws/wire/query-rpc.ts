import type { OperationModel, ServiceModel } from './model.ts'
import type { Protocol } from './protocol.ts'
import { parseForm, type QueryDialect, type QueryNode, readQuery } from './query.ts'
import type { WireRequest } from './request.ts'
import { element, writeXmlMembers } from './xml.ts'

const forms = new WeakMap<WireRequest, QueryNode>()

/** The parameters of a Query request, from its body or, for GET, its query string; parsed once. */
export function formOf(request: WireRequest): QueryNode {
  let form = forms.get(request)
  if (!form) {
    form = parseForm(request.body.length > 0 ? request.body.toString('utf8') : request.query)
    forms.set(request, form)
  }
  return form
}

function route(model: ServiceModel, request: WireRequest) {
  const form = formOf(request)
  const operation = model.operations.get(form.children?.get('Action')?.value ?? '')
  return operation && { operation, state: form }
}

function reader(dialect: QueryDialect): Protocol['read'] {
  return ({ operation, state }) =>
    readQuery(operation.input, state as QueryNode, dialect) as Record<string, unknown>
}

/** AWS Query: form-encoded requests, XML responses with a `…Result` element. IAM, STS, ELB, Auto Scaling. */
export const query: Protocol = {
  route,
  read: reader('query'),

  write(model, operation, output, requestId) {
    const { name } = operation
    const result =
      operation.output.kind === 'unit'
        ? ''
        : `<${name}Result>${writeXmlMembers(operation.output, output)}</${name}Result>`
    const metadata = `<ResponseMetadata>${element('RequestId', requestId)}</ResponseMetadata>`
    return {
      status: 200,
      headers: { 'x-amzn-RequestId': requestId, 'Content-Type': 'text/xml' },
      body: `<${name}Response xmlns="${model.xmlNamespace}">${result}${metadata}</${name}Response>`,
    }
  },

  error(model, error, requestId) {
    const type = element('Type', error.fault === 'server' ? 'Receiver' : 'Sender')
    const detail = `<Error>${type}${element('Code', error.code)}${element('Message', error.message)}</Error>`
    return {
      status: error.status,
      headers: { 'x-amzn-RequestId': requestId, 'Content-Type': 'text/xml' },
      body: `<ErrorResponse xmlns="${model.xmlNamespace}">${detail}${element('RequestId', requestId)}</ErrorResponse>`,
    }
  },
}

/** EC2 Query: like Query, with flattened lists in requests and plainer responses. */
export const ec2Query: Protocol = {
  route,
  read: reader('ec2'),

  write(model, operation: OperationModel, output, requestId) {
    const { name } = operation
    const members =
      operation.output.kind === 'unit' ? '<return>true</return>' : writeXmlMembers(operation.output, output)
    return {
      status: 200,
      headers: { 'x-amzn-requestid': requestId, 'Content-Type': 'text/xml;charset=UTF-8' },
      body: `<?xml version="1.0" encoding="UTF-8"?>\n<${name}Response xmlns="${model.xmlNamespace}">${element('requestId', requestId)}${members}</${name}Response>`,
    }
  },

  error(_model, error, requestId) {
    const detail = `<Error>${element('Code', error.code)}${element('Message', error.message)}</Error>`
    return {
      status: error.status,
      headers: { 'x-amzn-requestid': requestId, 'Content-Type': 'text/xml;charset=UTF-8' },
      body: `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors>${detail}</Errors>${element('RequestID', requestId)}</Response>`,
    }
  },
}
