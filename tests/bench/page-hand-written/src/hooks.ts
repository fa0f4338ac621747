import type { Transport } from '@sveltejs/kit';
import { packed, unpackPage } from '#engine/card';

/** Pages of modules cross to the browser packed. */
export const transport: Transport = { page: { encode: packed, decode: unpackPage } };
