const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `21/Nov/2025:07:44:25 +0000`, as access logs write it. */
export function localTime(now: number): string {
  const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(new Date(now).toISOString())!
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time} +0000`
}

/** `2025/11/21 07:44:25`, as error logs write it. */
export const errorTime = (now: number): string =>
  new Date(now).toISOString().slice(0, 19).replace('T', ' ').replaceAll('-', '/')
