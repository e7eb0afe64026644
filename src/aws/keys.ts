/**
 * Where AWS resources live in the world's store: `aws/<account>/<region>/<service>/<type>/<id>`.
 * Global services use the region `global`. Values are the services' own records (JSON, dates as ms since the epoch).
 */
export function awsKey(accountId: string, region: string, service: string, type: string, id: string): string {
  return `aws/${accountId}/${region}/${service}/${type}/${id}`
}

/** The prefix of all resources of a type. */
export function awsPrefix(accountId: string, region: string, service: string, type: string): string {
  return `aws/${accountId}/${region}/${service}/${type}/`
}
