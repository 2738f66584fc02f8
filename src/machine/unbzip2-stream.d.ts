declare module 'unbzip2-stream' {
  /** A through stream that takes bzip2 and gives plain bytes. */
  export default function unbzip2(): NodeJS.ReadWriteStream;
}
