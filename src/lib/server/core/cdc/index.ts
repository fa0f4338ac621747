export { openFeed, type Feed, type FeedOptions } from './feed.ts';
export { parseSnapshot, sees, type PgSnapshot } from './pg-snapshot.ts';
export { ensurePublication, publishTables, relaxTables, type PublishedTable } from './publication.ts';
export { createSlot, dropSlot, slotState, type SlotState } from './slot.ts';
export { listingLimit } from './table-collector.ts';
export { markerPrefix } from './assembler.ts';
export { tableId } from './table-id.ts';
export type * from './types.ts';
