/** Most dates of EC2 have no fractions of a second. */
export const wholeSecond = (ms: number) => new Date(Math.floor(ms / 1000) * 1000)
