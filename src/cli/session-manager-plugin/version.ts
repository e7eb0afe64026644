/** The release of the real plugin whose behaviour this one follows. */
export const VERSION = '1.2.707.0'
