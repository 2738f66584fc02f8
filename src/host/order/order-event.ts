/** Something that happened to a guest, or to the whole. */
export interface OrderEvent {
  event: string;
  /** Name and UUID of the guest. */
  guest?: string;
  uuid?: string;
  /** In words, a whole line. */
  text: string;
  failed?: boolean;
  seconds?: number;
}

/** Tells what happens, as it happens. */
export interface OrderReport {
  tell(event: OrderEvent): void;
  /** After the last one. */
  end(): Promise<void>;
}
