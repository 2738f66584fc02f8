/**
 * A script that an editor of Windows has written: with a carriage return behind its name the kernel finds no interpreter. All of
 * its lines lose theirs where the first one has it (cloud-init, util.dos2unix).
 */
export function withPlainLineEnds(script: Buffer): Buffer {
  const isOfWindows = script
    .subarray(0, script.indexOf('\n') + 1)
    .toString('latin1')
    .endsWith('\r\n');
  return isOfWindows ? Buffer.from(script.toString('latin1').replaceAll('\r\n', '\n'), 'latin1') : script;
}
