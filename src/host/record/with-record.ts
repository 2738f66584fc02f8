/**
 * A definition with our element in it: there is never a domain of ours without one.
 * @param xml of a domain without metadata
 * @param element as hostRecordText gives it
 */
export const withRecord = (xml: string, element: string): string =>
  xml.replace(/^<domain[^>]*>/, (begin) => `${begin}<metadata>${element}</metadata>`);
