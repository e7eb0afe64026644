/**
 * What a terminal says on its own in answer to a query in the output: device attributes (CSI … c), status and cursor
 * position (CSI … n, CSI … R), mode reports (CSI … $ y), window reports (CSI … t), and OSC, DCS and APC strings.
 * https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this looks for
const REPORT = /\x1b\[[?>=]?[\d;]*(?:c|n|R|t|\$y)|\x1b[\]P_][^\x07\x1b]*(?:\x07|\x1b\\)/g

/** Input without a terminal's own answers; keys, pastes and mouse events stay. */
export function withoutReports(input: Buffer): Buffer {
  if (!input.includes(0x1b)) return input
  return Buffer.from(input.toString('latin1').replace(REPORT, ''), 'latin1')
}
