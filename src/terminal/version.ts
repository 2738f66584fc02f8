/** Replaced with package.json's version when the bundle is made. */
declare const GANDI_GUEST_VERSION: string;

export const VERSION: string = typeof GANDI_GUEST_VERSION === 'string' ? GANDI_GUEST_VERSION : '0.0.0-source';
