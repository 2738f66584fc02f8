import { type TextPlace, yamlPlaces } from '../fields/yaml/yaml-places.ts';
import { splitUserData } from './parts.ts';
import { instanceDataOf } from './template.ts';

/** What templates may fill in; it moves no line. */
const STAND_INS = instanceDataOf({ instanceId: 'unknown', hostName: 'unknown' });

/**
 * Where a file of a seed says what problems are about: line and column in it, or in its part, as it is unpacked.
 * @param file `user-data`, or another name with which the paths of its problems begin
 * @returns undefined for a path that is none of the file's, or of no value in it
 */
export function placesIn(file: string, bytes: Uint8Array): (path: string) => TextPlace | undefined {
  const isUserData = file === 'user-data' || file === 'vendor-data';
  const texts = isUserData
    ? splitUserData(bytes, file, STAND_INS).parts.filter(({ kind }) => kind === 'cloud-config')
    : [{ label: file, bytes }];
  const places = new Map<string, ReturnType<typeof yamlPlaces>>();
  return (path) => {
    const text = texts.findLast(({ label }) => path.startsWith(`${label} `));
    if (text === undefined) return undefined;
    const { label } = text;
    if (!places.has(label)) places.set(label, yamlPlaces(text.bytes));
    return places.get(label)?.(path.slice(label.length + 1));
  };
}
